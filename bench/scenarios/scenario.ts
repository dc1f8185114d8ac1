import type { Contender } from "../contenders/contender.ts";
import type { Cpus } from "../support/cpus.ts";
import type { Program } from "../support/program.ts";
import type { Report } from "../support/report.ts";

/** What a scenario is run with. */
export interface Bench {
  /** Those of the scenario's contenders that were asked for. */
  readonly contenders: readonly Contender[];
  readonly seconds: number;
  readonly runs: number;
  readonly cpus: Cpus;
  readonly program: Program;
  /** Tells of progress. */
  readonly say: (line: string) => void;
}

/** One question that the bench answers with figures. */
export interface Scenario {
  readonly name: string;
  /** One sentence, with what `--seconds` and `--runs` mean here. */
  readonly purpose: string;
  readonly seconds: number;
  readonly runs: number;
  readonly contenders: readonly Contender[];
  run(bench: Bench): Promise<Report>;
}
