import { printable, type Problem } from "../model/problem.ts";

/** So many deaths within a minute are no accident any more. */
const tooMany = 5;
const withinMs = 60_000;

/** How long it stays a problem after the last one, in ms: workers that die of being started come as rarely as that. */
const quietMs = 2 * withinMs;

/** Counts workers that died, and notices when they do so over and over. Times in ms of a clock that never goes back. */
export class Deaths {
  #count = 0;
  #recent: number[] = [];
  #last: { readonly at: number; readonly reason: string } | undefined;
  #isProblem = false;

  /** All there have been. */
  get count(): number {
    return this.#count;
  }

  /** Notes one; true when a problem begins. */
  note(now: number, reason: string): boolean {
    const was = this.#lasts(now);
    this.#count += 1;
    this.#recent = [...this.#recent.filter((at) => now - at < withinMs), now].slice(-tooMany);
    this.#last = { at: now, reason };
    this.#isProblem = was || this.#recent.length === tooMany;
    return this.#isProblem && !was;
  }

  problems(now: number): Problem[] {
    if (!this.#lasts(now)) return [];
    const [line = ""] = (this.#last?.reason ?? "").split("\n");
    const reason = `worker threads die over and over and take their connections with them, the last one of: ${printable(line, 120)}; each is replaced, and what is served elsewhere goes on`;
    return [{ kind: "workers-dying", subject: "workers", reason }];
  }

  #lasts(now: number): boolean {
    return this.#isProblem && this.#last !== undefined && now - this.#last.at < quietMs;
  }
}
