import { printable } from "../model/problem.ts";
import { suggestion } from "./nearest.ts";
import type { AnyOption } from "./options.ts";
import { options } from "./options.ts";
import { retiredOptions } from "./retired-options.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

const prefix = "PORTOLAN_";
/** Every shell and every container sets it: without the prefix it is no one's setting. */
const others: ReadonlySet<string> = new Set(["HOSTNAME"]);

/** The variables that set an option, strongest first: `PORTOLAN_BIND`, `BIND`. */
export function environmentNames({
  flag,
  alsoFlags = [],
  alsoEnv = [],
}: AnyOption): readonly string[] {
  const flags = [flag, ...alsoFlags].map((name) => name.toUpperCase().replaceAll("-", "_"));
  const bare = [...flags, ...alsoEnv];
  return [...bare.map((name) => prefix + name), ...bare.filter((name) => !others.has(name))];
}

/** The strongest of these variables that says something. */
export function findVariable(
  names: readonly string[],
  env: Environment,
  emptyIsValue: boolean,
): { readonly name: string; readonly text: string } | undefined {
  for (const name of names) {
    const text = env[name];
    if (text === undefined || isServiceLink(name, text)) continue;
    if (text.trim() !== "" || emptyIsValue) return { name, text };
  }
  return undefined;
}

/** One warning per `PORTOLAN_…` variable that sets nothing, except those an orchestrator makes by itself. */
export function unknownVariables(env: Environment): readonly string[] {
  const known = new Set(Object.values(options).flatMap(environmentNames));
  for (const retired of retiredOptions) known.add(prefix + retired.env);
  return Object.keys(env)
    .filter((name) => name.startsWith(prefix) && !known.has(name) && !isServiceVariable(name))
    .toSorted()
    .map((name) => `${printable(name, 80)}: unknown variable, ignored${suggestion(name, known)}`);
}

/** The environment names of retired options that are set. */
export function retiredVariables(env: Environment): readonly string[] {
  return retiredOptions
    .flatMap(({ env: name }) => [name, prefix + name])
    .filter((name) => (env[name] ?? "").trim() !== "");
}

/**
 * A service called `vhost` puts `VHOST_PORT=tcp://10.0.0.1:80` into every container, which is no one's setting.
 * [kubernetes: service environment variables]
 */
function isServiceLink(name: string, text: string): boolean {
  return name.endsWith("_PORT") && /^(?:tcp|udp|sctp):\/\//i.test(text);
}

/** What a service called `portolan` puts into every container. [kubernetes: service environment variables] */
function isServiceVariable(name: string): boolean {
  return name.startsWith(`${prefix}PORT`) || name.startsWith(`${prefix}SERVICE_`);
}
