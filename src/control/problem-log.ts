import type { Logger } from "../model/logger.ts";
import { problemKey, type Problem } from "../model/problem.ts";

/** A problem with the time it was first seen, in ms since the epoch. */
export interface DatedProblem extends Problem {
  readonly since: number;
}

/** Kinds whose reasons count what goes on: with another number it is the same problem. */
const counting: ReadonlySet<Problem["kind"]> = new Set(["held-back", "limit-reached"]);

/** Problems that appear within this time are looked at together, in ms. */
const gatherMs = 50;

/** Remembers since when each problem lasts; a new one is a warning in the log, once. */
export class ProblemLog {
  readonly #logger: Logger;
  readonly #clock: () => number;
  #since = new Map<string, number>();
  #isLooking = false;

  constructor(logger: Logger, clock: () => number) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** Has `look` called within a moment: what a thousand ports have to say is heard once. */
  soon(look: () => unknown): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const timer = setTimeout(() => {
      this.#isLooking = false;
      look();
    }, gatherMs);
    timer.unref();
  }

  /** Takes all problems of this moment and returns them with their dates. */
  date(problems: readonly Problem[]): DatedProblem[] {
    const since = new Map<string, number>();
    const dated = problems.map((problem) => {
      const key = lastingKey(problem);
      const first = this.#since.get(key);
      if (first === undefined && !since.has(key)) {
        this.#logger.warn(problem.reason, { problem: problem.kind, subject: problem.subject });
      }
      since.set(key, first ?? since.get(key) ?? this.#clock());
      return { ...problem, since: since.get(key) ?? this.#clock() };
    });
    this.#since = since;
    return dated;
  }
}

function lastingKey(problem: Problem): string {
  const { kind, reason } = problem;
  return problemKey(
    counting.has(kind) ? { ...problem, reason: reason.replaceAll(/\d+/g, "#") } : problem,
  );
}
