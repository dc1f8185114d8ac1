import { printable, type Problem } from "../../model/problem.ts";
import type { Route, Table } from "../../routing/table.ts";
import { offersOf, routesByApp, successors, type PlacedRoute } from "../../routing/app-ports.ts";

/** Leaves room for `_<port name>._tcp.` in the 253 characters of a name. [rfc1035 §2.3.4] */
const longestName = 180;

/** The apps of a table by their names below the origin, in lower case; two apps of one name are answered together. */
export interface NamedApps {
  readonly offers: readonly Route[];
  readonly apps: ReadonlyMap<string, readonly PlacedRoute[]>;
  /** Names that exist because others end in them. [rfc8020] */
  readonly branches: ReadonlySet<string>;
  /** Apps whose ids cannot be names. */
  readonly problems: readonly Problem[];
}

/** Names a table's apps. Where it has those of the table before, on the same ports, all keep their names. */
export function nameApps(table: Table, origin: string, before: NamedApps = nobody): NamedApps {
  const offers = offersOf(table);
  const changed = successors(before.offers, offers);
  if (changed === undefined) return nameAnew(offers, origin);
  const apps = new Map(before.apps);
  for (const { name } of changed.keys()) {
    const app = name.toLowerCase();
    const routes = apps.get(app);
    if (routes !== undefined)
      apps.set(
        app,
        routes.map((placed) => follow(placed, changed)),
      );
  }
  return { ...before, offers, apps };
}

const nobody: NamedApps = { offers: [], apps: new Map(), branches: new Set(), problems: [] };

function nameAnew(offers: readonly Route[], origin: string): NamedApps {
  const apps = new Map<string, readonly PlacedRoute[]>();
  const problems: Problem[] = [];
  for (const [app, routes] of routesByApp(offers)) {
    const name = routes[0]?.route.name.toLowerCase() ?? "";
    if (isName(name) && name.length + origin.length <= longestName)
      apps.set(name, [...(apps.get(name) ?? []), ...routes]);
    else problems.push(unnameable(app));
  }
  return { offers, apps, branches: branchesOf(apps.keys()), problems };
}

function follow(placed: PlacedRoute, changed: ReadonlyMap<Route, Route>): PlacedRoute {
  const route = changed.get(placed.route);
  return route === undefined ? placed : { ...placed, route };
}

/** True for labels of 1 to 63 letters, digits, dashes and underscores, joined by dots. */
export function isName(text: string): boolean {
  return /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/i.test(text);
}

/** All that names end in, after the first of their labels. */
function branchesOf(names: Iterable<string>): ReadonlySet<string> {
  const branches = new Set<string>();
  for (const name of names) {
    let dot = name.indexOf(".");
    while (dot !== -1 && !branches.has(name.slice(dot + 1))) {
      branches.add(name.slice(dot + 1));
      dot = name.indexOf(".", dot + 1);
    }
  }
  return branches;
}

function unnameable(app: string): Problem {
  const reason = "its id cannot be a name in DNS: it is not answered there";
  return { kind: "invalid-item", subject: printable(app, 200), reason };
}
