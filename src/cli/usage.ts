import { suggestion } from "../config/nearest.ts";
import { presentable } from "../config/reader.ts";
import type { CommandName } from "./commands.ts";
import { commands, isCommandName } from "./commands.ts";
import type { Spelling } from "./spellings.ts";
import { findSpelling, formatFlag, spellings } from "./spellings.ts";

/** What yargs read: values by flag, `_` being the words that belong to none. */
export type Values = ReadonlyMap<string, unknown>;

/** Everything on a command line that its command does not understand, a line each. */
export function misuses(values: Values, command: CommandName): readonly string[] {
  const problems = [...misplacedWords(wordsOf(values))];
  for (const [key, value] of values) {
    if (!isYargsOwn(key)) problems.push(...misusesOf(key, value, command));
  }
  return problems;
}

/** The command that was asked for; anything unknown is told by `misuses`. */
export function commandOf(values: Values): CommandName {
  const [first] = wordsOf(values);
  return first !== undefined && isCommandName(first) ? first : "run";
}

function wordsOf(values: Values): readonly string[] {
  const words = values.get("_");
  return Array.isArray(words) ? words.map(String) : [];
}

/** Keys of yargs itself among the values. */
function isYargsOwn(key: string): boolean {
  return key === "_" || key === "$0";
}

function misplacedWords(words: readonly string[]): readonly string[] {
  const [first, ...rest] = words;
  if (first === undefined) return [];
  const shown = Object.keys(commands).filter(
    (name) => isCommandName(name) && !commands[name].isHidden,
  );
  const unknown = isCommandName(first)
    ? []
    : [`unknown command: ${presentable(first)}${suggestion(first, shown)}`];
  return [...unknown, ...rest.map((word) => `unexpected word: ${presentable(word)}`)];
}

function misusesOf(key: string, value: unknown, command: CommandName): readonly string[] {
  const spelling = findSpelling(key);
  if (spelling === undefined) return [unknownFlag(key)];
  const { takes, kind } = spelling;
  if (kind === "demo" && !commands[command].hasDemo) return [`--${key} belongs to portolan demo`];
  return takes === "nothing" ? [] : misusedValue(spelling, value);
}

function unknownFlag(key: string): string {
  const shown = formatFlag(presentable(key).slice(1, -1));
  const flags = spellings
    .filter(({ kind }) => kind !== "retired")
    .map(({ flag }) => formatFlag(flag));
  return `unknown option: ${shown}${suggestion(shown, flags)}`;
}

function misusedValue({ flag, takes }: Spelling, value: unknown): readonly string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (values.some((item) => typeof item !== "string"))
    return [`--${flag} takes a value; there is no --no-${flag}`];
  return takes === "value" && values.length > 1
    ? [`--${flag} is given ${values.length} times; keep one`]
    : [];
}
