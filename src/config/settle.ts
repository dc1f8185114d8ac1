import { printable } from "../model/problem.ts";
import { readConfigFile } from "./config-file.ts";
import type { FileContents } from "./config-file.ts";
import type { Environment } from "./environment.ts";
import { environmentNames, findVariable } from "./environment.ts";
import type { Option } from "./option.ts";
import { options } from "./options.ts";
import { presentable } from "./reader.ts";
import type { Origin, SettingName, Settings } from "./settings.ts";

/** What the command line gave: the flag's name without dashes → its texts, in order; switches as `true` or `false`. */
export type Flags = ReadonlyMap<string, readonly string[]>;

/** The places a value may come from, apart from the file. */
export interface Places {
  readonly flags: Flags;
  readonly env: Environment;
  /** Throws when the file cannot be read, with the reason in `code`. */
  readonly readFile: (path: string) => string;
}

export type Settled<T> =
  | { readonly kind: "value"; readonly value: T; readonly origin: Origin }
  | { readonly kind: "problems"; readonly problems: readonly string[] };

/** The value of one option from its strongest origin, or what is wrong with it there. */
export function settle<K extends SettingName>(
  name: K,
  places: Places,
  file: FileContents,
): Settled<Settings[K]> {
  const option: Option<Settings[K]> = options[name];
  const given =
    fromFlags(option, places.flags) ?? fromEnvironment(name, places.env) ?? fromFile(name, file);
  if (given === undefined) {
    return { kind: "value", value: option.fallback, origin: { kind: "default", name: "default" } };
  }
  const { raw, origin } = given;
  const parsed = option.reader.parse(raw);
  if (parsed.kind === "value") return { kind: "value", value: parsed.value, origin };
  const { accepts } = option.reader;
  return {
    kind: "problems",
    problems: parsed.shown.map(
      (shown) => `${origin.name}: ${shown} is not accepted; give ${accepts}`,
    ),
  };
}

/** Reads the file that `--config` names; a file that cannot be read has that as its one problem. */
export function openConfigFile(path: Settled<string | undefined>, places: Places): FileContents {
  if (path.kind === "problems" || path.value === undefined) return noFile;
  const text = readText(path.value, path.origin, places);
  return text.kind === "value"
    ? readConfigFile(path.value, text.value)
    : { ...noFile, problems: text.problems };
}

/** The contents when no file was named. */
export const noFile: FileContents = { path: "", values: new Map(), problems: [] };

/** The text of a file that an option names. */
export function readText(path: string, origin: Origin, { readFile }: Places): Settled<string> {
  try {
    return { kind: "value", value: readFile(path), origin };
  } catch (error) {
    const problem = `${origin.name}: ${presentable(path)} cannot be read: ${reasonOf(error)}`;
    return { kind: "problems", problems: [problem] };
  }
}

interface Given {
  readonly raw: unknown;
  readonly origin: Origin;
}

function fromFlags(
  { flag, reader }: Pick<Option<unknown>, "flag" | "reader">,
  flags: Flags,
): Given | undefined {
  const texts = flags.get(flag);
  if (texts === undefined) return undefined;
  const raw = reader.takes !== "values" && texts.length === 1 ? texts[0] : texts;
  return { raw, origin: { kind: "flag", name: `--${flag}` } };
}

function fromEnvironment(name: SettingName, env: Environment): Given | undefined {
  const option = options[name];
  const found = findVariable(environmentNames(option), env, option.emptyIsValue === true);
  return found && { raw: found.text, origin: { kind: "environment", name: found.name } };
}

function fromFile(name: SettingName, file: FileContents): Given | undefined {
  const found = file.values.get(name);
  return found && { raw: found.raw, origin: { kind: "file", name: `${file.path}: ${found.key}` } };
}

const reasons: ReadonlyMap<unknown, string> = new Map([
  ["ENOENT", "no such file"],
  ["EACCES", "permission denied"],
  ["EPERM", "permission denied"],
  ["EISDIR", "it is a directory"],
]);

function reasonOf(error: unknown): string {
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  return reasons.get(code) ?? (typeof code === "string" ? printable(code, 40) : "unknown reason");
}
