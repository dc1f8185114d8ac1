import { createHash } from "node:crypto";
import { printable, type Problem } from "../model/problem.ts";
import type { PlacedRoute } from "../routing/app-ports.ts";

/**
 * How the file of an app's port is called: `readme` names the first port's after the app alone, `mmsd` adds
 * `-<portIndex>-<servicePort>` to each.
 */
export type FileNaming = "readme" | "mmsd";

/** A route and the stem of its file: what comes before `.instances`, and the `Service-Name` in it. */
export interface NamedRoute {
  readonly route: PlacedRoute["route"];
  readonly stem: string;
}

export interface NamedRoutes {
  readonly named: readonly NamedRoute[];
  readonly problems: readonly Problem[];
}

// As Marathon's, wider by what other sources allow, whose ids need not begin with a slash; each part begins and ends with
// a letter or digit, so that none can be `.` or `..` and no name begins with a dot or a dash. [marathon: app id]
const part = "[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?";
const idGrammar = new RegExp(`^/?${part}(?:/${part})*$`, "i");
const longestId = 1024;
/** Leaves room in the 255 bytes of a name for the suffixes, the hash, `.instances` and `.tmp`. */
const longestStem = 180;
const hashDigits = 8;

/** A stem for each route, unique and contained in one directory; apps whose ids cannot be a file name are reported. */
export function nameFiles(
  byApp: ReadonlyMap<string, readonly PlacedRoute[]>,
  naming: FileNaming,
): NamedRoutes {
  const problems: Problem[] = [];
  const named: NamedRoute[] = [];
  const taken = new Set<string>();
  for (const [app, routes] of [...byApp].toSorted(byPrecedence)) {
    if (app.length > longestId || !idGrammar.test(app)) {
      problems.push(unnameable(app));
      continue;
    }
    for (const placed of routes) {
      const wished = wishedStem(placed, routes, naming);
      const stem =
        taken.has(wished) || wished.length > longestStem ? hashedStem(wished, placed) : wished;
      taken.add(stem);
      named.push({ route: placed.route, stem });
    }
  }
  return { named, problems };
}

/** `/developer/trapni/php` → `developer.trapni.php`. */
function dotted(app: string): string {
  return app.replace(/^\//, "").replaceAll("/", ".");
}

/** Of apps that would have the same name, one without dots in its id keeps it; `/web` rather than `web`. */
function byPrecedence(
  [one]: readonly [string, unknown],
  [other]: readonly [string, unknown],
): number {
  const byDots = Number(one.includes(".")) - Number(other.includes("."));
  if (byDots !== 0) return byDots;
  return one < other ? -1 : 1;
}

function wishedStem(
  { route, index }: PlacedRoute,
  siblings: readonly PlacedRoute[],
  naming: FileNaming,
): string {
  const plain = dotted(route.app);
  if (naming === "readme" && siblings[0]?.route === route) return plain;
  const twins = siblings.filter((sibling) => sibling.route.port === route.port);
  const protocol = twins.length > 1 && route.protocol === "udp" ? "-udp" : "";
  return `${plain}-${index}-${route.port}${protocol}`;
}

function hashedStem(wished: string, { route }: PlacedRoute): string {
  const digest = createHash("sha256").update(`${route.app} ${route.key}`).digest("hex");
  return `${wished.slice(0, longestStem)}-${digest.slice(0, hashDigits)}`;
}

function unnameable(app: string): Problem {
  const subject = printable(app, 200);
  return { kind: "invalid-item", subject, reason: "its id cannot be a file name: no file for it" };
}
