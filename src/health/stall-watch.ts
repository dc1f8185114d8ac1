const beatMs = 100;

/** A beat that comes this much late, in ms, means that we stood still. */
const lateMs = 500;

/**
 * Notices when this thread did not run for a while. What a probe found meanwhile says nothing of its replica: a
 * timeout may only mean that nobody was there to read the answer.
 */
export class StallWatch implements Disposable {
  readonly #timer: NodeJS.Timeout;
  #lastBeatAt = performance.now();
  #stalledUntil = -Infinity;

  constructor() {
    this.#timer = setTimeout(() => {
      this.#beat();
      this.#timer.refresh();
    }, beatMs);
    this.#timer.unref();
  }

  /** True when the thread stood still at some moment since `startedAt`, in ms of `performance.now()`. */
  stalledSince(startedAt: number): boolean {
    // After a stall, the timer of what waited may run before ours.
    this.#beat();
    return this.#stalledUntil >= startedAt;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #beat(): void {
    const now = performance.now();
    if (now - this.#lastBeatAt > beatMs + lateMs) this.#stalledUntil = now;
    this.#lastBeatAt = now;
  }
}
