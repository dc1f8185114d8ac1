import type { Flags } from "../config/settle.ts";
import type { DemoOptions } from "./commands.ts";
import { readWithYargs } from "./parser.ts";
import { readTokens } from "./tokens.ts";
import { findSpelling, formatFlag } from "./spellings.ts";
import type { Values } from "./usage.ts";
import { commandOf, misuses } from "./usage.ts";

/** What a command line asks for. */
export type Arguments =
  | { readonly kind: "run"; readonly flags: Flags }
  | { readonly kind: "demo"; readonly flags: Flags; readonly options: DemoOptions }
  /** `run` when the configuration has a source, else `demo`; what `npm start` asks for. */
  | { readonly kind: "start"; readonly flags: Flags; readonly options: DemoOptions }
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
  const kind = commandOf(values);
  const problems = [...tokenProblems, ...misuses(values, kind)];
  if (problems.length > 0) return usage(problems);
  const flags = flagsOf(values);
  return kind === "run"
    ? { kind, flags }
    : { kind, flags, options: { script: values.get("script") !== false } };
}

function flagsOf(values: Values): Flags {
  const flags = new Map<string, readonly string[]>();
  for (const [key, value] of values) {
    const kind = findSpelling(key)?.kind;
    if (kind !== "setting" && kind !== "retired") continue;
    flags.set(key, Array.isArray(value) ? value.map(String) : [String(value)]);
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
