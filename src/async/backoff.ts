/** A uniform number in [0, 1). */
type Random = () => number;

export interface BackoffOptions {
  /** First wait, in ms. */
  readonly firstMs: number;
  /** Longest wait, in ms. */
  readonly capMs: number;
  readonly random: Random;
}

/** Waits that double up to a cap, each drawn from its upper half so that many hosts do not move in step. */
export class Backoff {
  readonly #options: BackoffOptions;
  #attempt = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** The next wait, in ms: between half and all of `firstMs × 2ⁿ`, at most `capMs`. */
  next(): number {
    const { firstMs, capMs, random } = this.#options;
    const ceiling = Math.min(capMs, firstMs * 2 ** this.#attempt);
    if (ceiling < capMs) this.#attempt += 1;
    return ceiling * (0.5 + random() / 2);
  }

  /** Starts over after a success. */
  reset(): void {
    this.#attempt = 0;
  }
}
