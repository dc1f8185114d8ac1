import { printable } from "../model/problem.ts";

/** What a replica wants to hear before it answers; without a username it is the default user's password. */
export interface Credentials {
  readonly username?: string;
  readonly password: string;
}

/** The credentials of each app, and what was wrong with the document; problems never quote a secret. */
export interface Secrets {
  readonly of: (app: string) => Credentials | undefined;
  readonly problems: readonly string[];
}

const known = new Set(["username", "password"]);
const shown = 100;

/**
 * Reads `{"/demo/redis": "password"}` or `{"/demo/redis": {username, password}}`. Keyed by app id, so that no app can
 * have another's secret sent to its replicas; a bad entry is skipped and named.
 */
export function readSecrets(document: unknown): Secrets {
  const byApp = new Map<string, Credentials>();
  const problems: string[] = [];
  if (!isRecord(document)) {
    // An empty file is read as null or nothing at all.
    if (document !== null && document !== undefined)
      problems.push("the secrets must be a mapping of app ids");
    return { of: () => undefined, problems };
  }
  for (const [app, entry] of Object.entries(document)) {
    const read = app.startsWith("/") ? readEntry(entry) : "an app id begins with a slash";
    if (typeof read === "string") problems.push(`${printable(app, shown)}: ${read}`);
    else byApp.set(app, read);
  }
  return { of: (app) => byApp.get(app), problems };
}

/** The credentials, or what is wrong with them. */
function readEntry(entry: unknown): Credentials | string {
  if (typeof entry === "string") return readEntry({ password: entry });
  if (!isRecord(entry)) return "a password or {username, password} is needed, as text in quotes";
  const stranger = Object.keys(entry).find((name) => !known.has(name));
  if (stranger !== undefined) return `${printable(stranger, shown)} is not known here`;
  const { username, password } = entry;
  if (!isText(password)) return "password must be text, in quotes, and not empty";
  if (username === undefined) return { password };
  return isText(username)
    ? { username, password }
    : "username must be text, in quotes, and not empty";
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
