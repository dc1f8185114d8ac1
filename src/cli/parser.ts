import yargs from "yargs";
import type { Options } from "yargs";
import { defaultText, optionGroups, options, settingNames } from "../config/options.ts";
import { retiredOptions } from "../config/retired-options.ts";
import type { SettingName } from "../config/settings.ts";
import { commands, type CommandName } from "./commands.ts";

export interface Appearance {
  /** What `--version` prints. */
  readonly version: string;
  /** Width of help, in columns. */
  readonly columns: number;
}

/** What yargs made of a command line: text to print, a complaint, or values by flag, `_` being the rest. */
export type Reading =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "complaint"; readonly message: string }
  | { readonly kind: "values"; readonly values: ReadonlyMap<string, unknown> };

/** Asks yargs to read a command line; nothing is printed, nothing exits, and the environment is not looked at. */
export function readWithYargs(argv: readonly string[], appearance: Appearance): Reading {
  const parser = describeProgram(argv, appearance);
  let reading: Reading = { kind: "complaint", message: "not understood" };
  try {
    // Without asynchronous parts, yargs is done when this returns.
    void parser.parse(
      [...argv],
      {},
      (error: Error | undefined | null, values: object, output: string) => {
        if (error) reading = { kind: "complaint", message: error.message };
        else if (output !== "") reading = { kind: "text", text: output };
        else reading = { kind: "values", values: new Map(Object.entries(values)) };
      },
    );
  } catch (error) {
    // [yargs] some names of Object.prototype, given as flags, break its own bookkeeping.
    reading = {
      kind: "complaint",
      message: error instanceof Error ? error.message : "not understood",
    };
  }
  return reading;
}

type Program = ReturnType<typeof yargs>;

function describeProgram(argv: readonly string[], { version, columns }: Appearance): Program {
  const program = yargs([...argv])
    .scriptName("portolan")
    .locale("en")
    .exitProcess(false)
    .parserConfiguration({
      "camel-case-expansion": false,
      "dot-notation": false,
      "parse-numbers": false,
      "parse-positional-numbers": false,
      "greedy-arrays": false,
      "strip-aliased": true,
    })
    .usage("portolan [command] [options]")
    .help("help", "Show this help")
    .alias("help", "h")
    .version("version", "Show the version", version)
    .alias("version", "V")
    .wrap(columns);
  for (const [name, command] of Object.entries(commands)) describeCommand(program, name, command);
  for (const name of settingNames) {
    const { flag, alsoFlags = [], reader } = options[name];
    program.option(flag, yargsOption(name));
    for (const also of alsoFlags) program.option(also, { ...typeOf(reader.takes), hidden: true });
  }
  for (const { flag, alias, isSwitch } of retiredOptions) {
    program.option(flag, {
      ...(alias && { alias }),
      ...typeOf(isSwitch ? "nothing" : "value"),
      hidden: true,
    });
  }
  for (const { heading, options: grouped } of optionGroups) {
    const flags = Object.values(grouped).map(({ flag }) => flag);
    program.group(flags, `${heading}:`);
  }
  return describeUse(program);
}

function describeCommand(
  program: Program,
  name: string,
  { describe, isHidden, hasDemo, hasJson, word }: (typeof commands)[CommandName],
): void {
  const builder = (command: Program): Program => {
    if (hasDemo) command.option("script", scriptOption);
    if (hasJson) command.option("json", jsonOption);
    return command;
  };
  // The word is taken as a plain one: a missing or surplus one is told in our own words.
  if (isHidden) program.command(name, false, builder);
  else program.command(name, word === undefined ? describe : `${describe} (${word})`, builder);
}

const jsonOption: Options = { type: "boolean", describe: "The answer as JSON", group: "Output:" };

const scriptOption: Options = {
  type: "boolean",
  describe: "Scale, break and deploy the sample apps while it runs",
  defaultDescription: "true",
  group: "Demo:",
};

function yargsOption(name: SettingName): Options {
  const { alias, describe, reader } = options[name];
  const shownDefault = defaultText(name);
  return {
    ...(alias && { alias }),
    ...(shownDefault && { defaultDescription: shownDefault }),
    ...typeOf(reader.takes),
    describe,
  };
}

function typeOf(takes: "nothing" | "value" | "values"): Options {
  if (takes === "nothing") return { type: "boolean" };
  return takes === "values"
    ? { type: "array", string: true, requiresArg: true }
    : { type: "string", requiresArg: true };
}

function describeUse(program: Program): Program {
  return program
    .example("$0 demo", "See it work with nothing installed")
    .example("$0 --marathon http://m1:8080,http://m2:8080", "Follow a Marathon of two members")
    .example(
      "$0 -m https://m1:8443 --marathon-auth-file /etc/portolan/auth",
      "The same with credentials",
    )
    .example("$0 explain /demo/web", "Ask the portolan that runs here about an app")
    .example("REFRESH_INTERVAL=30s $0 --config portolan.yaml", "From the environment and a file")
    .epilogue(
      [
        "Every option is also an environment variable (--log-level: LOG_LEVEL, or PORTOLAN_LOG_LEVEL, which wins) and a key of the --config file (log-level). A flag wins over the environment, that over the file.",
        "Switches also as --no-x. Times as 30 (seconds), 500ms, 30s, 2m or 1h.",
        "More in README.md: Configuration, Metrics, Operations, Limits.",
      ].join("\n\n"),
    );
}
