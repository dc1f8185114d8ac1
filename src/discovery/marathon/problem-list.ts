import { problemKey, type Problem, type ProblemKind } from "../../model/problem.ts";

const mostProblems = 20;

/** Collects what is wrong with one app, each thing once, and no more than anyone would read. */
export class ProblemList {
  readonly #app: string;
  readonly #problems = new Map<string, Problem>();
  #dropped = 0;

  constructor(app: string) {
    this.#app = app;
  }

  add(kind: ProblemKind, reason: string): void {
    const problem = { kind, subject: this.#app, reason };
    const key = problemKey(problem);
    if (this.#problems.has(key)) return;
    if (this.#problems.size < mostProblems) this.#problems.set(key, problem);
    else this.#dropped += 1;
  }

  list(): readonly Problem[] {
    if (this.#dropped === 0) return [...this.#problems.values()];
    const rest: Problem = {
      kind: "limit-reached",
      subject: this.#app,
      reason: `${this.#dropped} more problems`,
    };
    return [...this.#problems.values(), rest];
  }
}
