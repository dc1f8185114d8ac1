import { parseArgs } from "node:util";
import type { Contender } from "./contenders/contender.ts";
import type { Scenario } from "./scenarios/scenario.ts";

/** What was asked for. */
export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "list" }
  /** Of the results in a folder; undefined is the usual one. */
  | { readonly kind: "table"; readonly from: string | undefined }
  | { readonly kind: "readme" }
  | { readonly kind: "run"; readonly wishes: Wishes }
  | { readonly kind: "usage"; readonly message: string };

export interface Wishes {
  readonly chosen: readonly Choice[];
  /** Undefined leaves it to each scenario. */
  readonly seconds: number | undefined;
  readonly runs: number | undefined;
  readonly isPinned: boolean;
  readonly mayBuild: boolean;
  /** Every contender, as often and as long as by default, pinned. */
  readonly isWhole: boolean;
  /** Where the results go. */
  readonly out: string | undefined;
}

/** A scenario with those of its contenders that are to be measured. */
interface Choice {
  readonly scenario: Scenario;
  readonly contenders: readonly Contender[];
}

export const usage = `npm run bench -- [scenario] [contender] [options]
  --help        this, with every scenario
  --list        name every scenario with its contenders and defaults
  --table       print the README's tables from the results, of bench/results or --out DIR, and measure nothing
  --readme      put those of bench/results into README.md
  --seconds N   length of one measured stretch
  --runs N      how often it is repeated
  --no-pin      leave the choice of processors to the kernel
  --no-build    measure what is built, even when the source is newer
  --out DIR     write the results there; default bench/results, and only when no other option but --no-build and no
                contender narrows the run`;

/** Reads the arguments; everything wrong with them is one message. */
export function parseCommand(args: readonly string[], scenarios: readonly Scenario[]): Command {
  const options = {
    help: { type: "boolean", short: "h" },
    list: { type: "boolean" },
    table: { type: "boolean" },
    readme: { type: "boolean" },
    out: { type: "string" },
    seconds: { type: "string" },
    runs: { type: "string" },
    pin: { type: "boolean", default: true },
    build: { type: "boolean", default: true },
  } as const;
  try {
    const config = { args: [...args], options, allowPositionals: true, allowNegative: true };
    const { values, positionals } = parseArgs(config);
    if (values.help === true) return { kind: "help" };
    if (values.list === true) return { kind: "list" };
    if (values.table === true) return { kind: "table", from: values.out };
    if (values.readme === true) return { kind: "readme" };
    const { seconds, runs, pin: isPinned, out } = values;
    const wishes = {
      chosen: choose(positionals, scenarios),
      seconds: positive("--seconds", seconds),
      runs: positive("--runs", runs),
      isPinned,
      mayBuild: values.build,
      isWhole: positionals.length < 2 && seconds === undefined && runs === undefined && isPinned,
      out,
    };
    if (wishes.runs !== undefined && !Number.isInteger(wishes.runs))
      throw new Error("--runs takes a whole number");
    return { kind: "run", wishes };
  } catch (error) {
    return { kind: "usage", message: error instanceof Error ? error.message : String(error) };
  }
}

function choose(positionals: readonly string[], scenarios: readonly Scenario[]): Choice[] {
  const [scenarioName, contenderName, ...more] = positionals;
  if (more.length > 0)
    throw new Error(`one scenario and one contender, not also ${more.join(" ")}`);
  const chosen =
    scenarioName === undefined ? scenarios : [named("scenario", scenarioName, scenarios)];
  return chosen.map((scenario) => {
    const all = scenario.contenders;
    if (contenderName === undefined) return { scenario, contenders: all };
    return { scenario, contenders: [named(`contender of ${scenario.name}`, contenderName, all)] };
  });
}

function named<T extends { readonly name: string }>(
  what: string,
  name: string,
  known: readonly T[],
): T {
  const found = known.find((each) => each.name === name);
  if (found !== undefined) return found;
  const names = known.map((each) => each.name).join(", ");
  throw new Error(`there is no ${what} "${name}": take one of ${names}`);
}

function positive(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value <= 0)
    throw new Error(`${flag} takes a number above 0, not "${text}"`);
  return value;
}
