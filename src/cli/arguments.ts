import type { Flags } from "../config/settle.ts";
import type { CommandName, DemoOptions, Question, Shell } from "./commands.ts";
import { readWithYargs } from "./parser.ts";
import { readTokens } from "./tokens.ts";
import { findSpelling, formatFlag } from "./spellings.ts";
import type { Values } from "./usage.ts";
import { commandOf, misuses, shellOf, wordOf } from "./usage.ts";

/** What a command line asks for. */
export type Arguments =
  | { readonly kind: "run"; readonly flags: Flags }
  | { readonly kind: "check"; readonly flags: Flags; readonly json: boolean }
  | { readonly kind: "demo"; readonly flags: Flags; readonly options: DemoOptions }
  /** `run` when the configuration has a source, else `demo`; what `npm start` asks for. */
  | { readonly kind: "start"; readonly flags: Flags; readonly options: DemoOptions }
  /** A question to a portolan that runs. */
  | { readonly kind: "ask"; readonly flags: Flags; readonly question: Question }
  /** To watch a portolan that runs. */
  | { readonly kind: "top"; readonly flags: Flags }
  | { readonly kind: "completion"; readonly shell: Shell }
  /** Help or the version, for stdout. */
  | { readonly kind: "text"; readonly text: string; readonly exitCode: 0 }
  /** Everything that was not understood, a line each, for stderr. */
  | { readonly kind: "usage"; readonly message: string; readonly exitCode: 2 };

export interface ArgumentOptions {
  /** The program's own version. */
  readonly version: string;
  /** Width of help. Default: 80. */
  readonly columns?: number;
}

/** Reads the words after the program's name; prints nothing, ends nothing, and leaves values for `readConfig` to judge. */
export function parseArgs(
  argv: readonly string[],
  { version, columns = 80 }: ArgumentOptions,
): Arguments {
  const tokens = readTokens(argv);
  const reading = readWithYargs(tokens.argv, { version: versionLine(version), columns });
  switch (reading.kind) {
    case "text":
      return { kind: "text", text: reading.text, exitCode: 0 };
    case "complaint":
      return usage([...tokens.problems, plainComplaint(reading.message)]);
    case "values":
      return toArguments(reading.values, tokens.problems);
  }
}

function toArguments(values: Values, tokenProblems: readonly string[]): Arguments {
  const command = commandOf(values);
  const problems = [...tokenProblems, ...misuses(values, command)];
  return problems.length > 0 ? usage(problems) : meaning(command, values);
}

function meaning(command: CommandName, values: Values): Arguments {
  const flags = flagsOf(values);
  switch (command) {
    case "run":
    case "top":
      return { kind: command, flags };
    case "completion":
      return { kind: command, shell: shellOf(values) };
    case "check":
      return { kind: command, flags, json: values.get("json") === true };
    case "demo":
    case "start":
      return { kind: command, flags, options: { script: values.get("script") !== false } };
    case "explain":
    case "status":
    case "healthcheck": {
      const question = { command, word: wordOf(values), json: values.get("json") === true };
      return { kind: "ask", flags, question };
    }
  }
}

function flagsOf(values: Values): Flags {
  const flags = new Map<string, readonly string[]>();
  for (const [key, value] of values) {
    const spelling = findSpelling(key);
    if (spelling?.kind !== "setting" && spelling?.kind !== "retired") continue;
    const texts = Array.isArray(value) ? value.map(String) : [String(value)];
    // Two spellings of one flag are as one that is given twice.
    flags.set(spelling.means, [...(flags.get(spelling.means) ?? []), ...texts]);
  }
  return flags;
}

function usage(problems: readonly string[]): Arguments {
  return { kind: "usage", message: [...problems, "try: portolan --help"].join("\n"), exitCode: 2 };
}

/** yargs names a flag without its dashes, and its own faults are no one's business. */
function plainComplaint(message: string): string {
  const [, flags] = /^Not enough arguments following: (.+)$/.exec(message) ?? [];
  return flags === undefined
    ? "the options could not be read"
    : `${formatFlag(flags)} needs a value`;
}

function versionLine(version: string): string {
  return `portolan ${version} (node ${process.version}, ${process.platform}-${process.arch})`;
}
