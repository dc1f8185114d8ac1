import { suggestion } from "../config/nearest.ts";
import { presentable } from "../config/reader.ts";
import type { CommandName, Shell } from "./commands.ts";
import { commands, isCommandName, shells } from "./commands.ts";
import type { Spelling } from "./spellings.ts";
import { findSpelling, formatFlag, spellings } from "./spellings.ts";

/** What yargs read: values by flag, `_` being the words that belong to none. */
export type Values = ReadonlyMap<string, unknown>;

/** Everything on a command line that its command does not understand, a line each. */
export function misuses(values: Values, command: CommandName): readonly string[] {
  const problems = [...misplacedWords(wordsOf(values), command)];
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

/** The word that the command is about; empty when it takes none. */
export function wordOf(values: Values): string {
  return wordsOf(values)[1] ?? "";
}

/** The shell that `completion` is about: the first one unless another is named. */
export function shellOf(values: Values): Shell {
  return shells.find((shell) => shell === wordOf(values)) ?? shells[0];
}

function wordsOf(values: Values): readonly string[] {
  const words = values.get("_");
  return Array.isArray(words) ? words.map(String) : [];
}

/** Keys of yargs itself among the values. */
function isYargsOwn(key: string): boolean {
  return key === "_" || key === "$0";
}

function misplacedWords(words: readonly string[], command: CommandName): readonly string[] {
  const [first, ...rest] = words;
  if (first === undefined) return [];
  const shown = Object.keys(commands).filter(
    (name) => isCommandName(name) && commands[name].isHidden !== true,
  );
  const unknown = isCommandName(first)
    ? []
    : [`unknown command: ${presentable(first)}${suggestion(first, shown)}`];
  const surplus = rest.slice(commands[command].word === undefined ? 0 : 1);
  return [
    ...unknown,
    ...misusedWord(rest[0], command),
    ...surplus.map((one) => `unexpected word: ${presentable(one)}`),
  ];
}

function misusedWord(given: string | undefined, command: CommandName): readonly string[] {
  const { word, oneOf } = commands[command];
  if (word === undefined) return [];
  if (oneOf === undefined)
    return given === undefined ? [`portolan ${command} needs the ${word}`] : [];
  return given === undefined || oneOf.includes(given)
    ? []
    : [`portolan ${command} takes ${word}, not ${presentable(given)}`];
}

function misusesOf(key: string, value: unknown, command: CommandName): readonly string[] {
  const spelling = findSpelling(key);
  if (spelling === undefined) return [unknownFlag(key)];
  const { takes, kind } = spelling;
  const { hasDemo = false, hasJson = false } = commands[command];
  if (kind === "demo" && !hasDemo) return [`--${key} belongs to portolan demo`];
  if (kind === "json" && !hasJson)
    return [`--${key} belongs to portolan check, explain and status`];
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
