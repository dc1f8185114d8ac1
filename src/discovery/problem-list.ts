import { printable, problemKey, type Problem } from "../model/problem.ts";

/** Something wrong with the list's own subject, unless it says with what else. */
interface Fault extends Omit<Problem, "subject"> {
  readonly subject?: string;
}

/** Collects what is wrong with a subject and its parts, each thing once, and no more than anyone would read. */
export class ProblemList {
  readonly #subject: string;
  readonly #most: number;
  readonly #problems = new Map<string, Problem>();
  #dropped = 0;

  /** `most` is how many problems are kept. Default 500. */
  constructor(subject: string, most: number = 500) {
    this.#subject = subject;
    this.#most = most;
  }

  add({ kind, reason, subject = this.#subject }: Fault): void {
    const problem = { kind, subject: printable(subject, 1024), reason: printable(reason) };
    const key = problemKey(problem);
    if (this.#problems.has(key)) return;
    if (this.#problems.size < this.#most) this.#problems.set(key, problem);
    else this.#dropped += 1;
  }

  list(): readonly Problem[] {
    const problems = [...this.#problems.values()];
    if (this.#dropped === 0) return problems;
    const reason = `${this.#dropped} more problems`;
    return [...problems, { kind: "limit-reached", subject: this.#subject, reason }];
  }
}
