/** Counts lines against a limit over any one second, not per calendar second. Pure: time comes from the caller. */
export class LineRate {
  /** When each of the last lines was admitted; a ring. */
  readonly #admittedAt: Float64Array;
  #next = 0;

  constructor(linesPerSecond: number) {
    this.#admittedAt = new Float64Array(Math.max(1, linesPerSecond)).fill(Number.NEGATIVE_INFINITY);
  }

  /** True when one more line fits; `nowMs` never goes back. */
  admit(nowMs: number): boolean {
    const oldest = this.#admittedAt[this.#next] ?? Number.NEGATIVE_INFINITY;
    if (nowMs - oldest < 1000) return false;
    this.#admittedAt[this.#next] = nowMs;
    this.#next = (this.#next + 1) % this.#admittedAt.length;
    return true;
  }
}
