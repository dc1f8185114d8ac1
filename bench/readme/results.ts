import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Conditions } from "../support/conditions.ts";
import type { Figures, Verdict } from "../support/report.ts";
import { resultsFolder } from "../support/results.ts";

/** A results file, as far as it is looked at here. */
interface ResultFile {
  readonly conditions: Conditions;
  readonly figures: Figures;
  readonly goals: Figures;
}

/** What the results files say. */
export class Results {
  readonly #files: ReadonlyMap<string, ResultFile>;

  private constructor(files: ReadonlyMap<string, ResultFile>) {
    this.#files = files;
  }

  static read(folder: string = resultsFolder): Results {
    const names = existsSync(folder) ? readdirSync(folder).toSorted() : [];
    const files = names
      .filter((name) => name.endsWith(".json"))
      .map((name): [string, ResultFile] => {
        const file: ResultFile = JSON.parse(readFileSync(join(folder, name), "utf8"));
        return [name.replace(/\.json$/, ""), file];
      });
    return new Results(new Map(files));
  }

  has(scenario: string): boolean {
    return this.#files.has(scenario);
  }

  /** A figure, or the median of one with a spread; undefined when it was not measured. */
  number(scenario: string, ...path: readonly string[]): number | undefined {
    return numberIn(at(this.#files.get(scenario)?.figures, path));
  }

  condition(scenario: string, name: string): number | undefined {
    return numberIn(at(this.#files.get(scenario)?.conditions, [name]));
  }

  /** What was held against a limit. */
  measured(scenario: string, goal: string): number | undefined {
    return numberIn(at(this.#files.get(scenario)?.goals, [goal, "measured"]));
  }

  /** True when the run itself says that its figure tells nothing of the goal. */
  isDoubted(scenario: string, goal: string): boolean {
    const verdict: Verdict = "not measured";
    return at(this.#files.get(scenario)?.goals, [goal, "met"]) === verdict;
  }

  /** A condition of all runs, each value once, in order. */
  everyCondition(name: string): string[] {
    const values = [...this.#files.values()].map(({ conditions }) => String(conditions[name]));
    return [...new Set(values)].toSorted();
  }

  /** The version of a contender, as every run that had it says, each once. */
  versionsOf(contender: string): string[] {
    const versions = [...this.#files.values()].flatMap(({ figures }) => {
      const version = at(figures, [contender, "version"]);
      return typeof version === "string" ? [version] : [];
    });
    return [...new Set(versions)].toSorted();
  }
}

function at(figures: Figures | undefined, path: readonly string[]): Figures[string] | undefined {
  let found: Figures[string] | undefined = figures;
  for (const name of path) {
    if (typeof found !== "object") return undefined;
    found = found[name];
  }
  return found;
}

function numberIn(found: Figures[string] | undefined): number | undefined {
  if (typeof found === "object") return numberIn(found["median"]);
  return typeof found === "number" ? found : undefined;
}
