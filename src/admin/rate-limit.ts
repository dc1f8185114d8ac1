export interface RateLimitOptions {
  readonly perSecond: number;
  /** What may be spent at once after a rest. */
  readonly burst: number;
}

/** How much may be spent a second, on the average. Pure: `now` is in ms, comes from the caller and never goes back. */
export class RateLimit {
  readonly #options: RateLimitOptions;
  #left: number;
  #seenAt: number | undefined;

  constructor(options: RateLimitOptions) {
    this.#options = options;
    this.#left = options.burst;
  }

  /** False while more has been spent than there was. */
  hasSome(now: number): boolean {
    const { perSecond, burst } = this.#options;
    const passed = now - (this.#seenAt ?? now);
    this.#seenAt = now;
    this.#left = Math.min(burst, this.#left + (passed / 1000) * perSecond);
    return this.#left > 0;
  }

  /** May take more than there is: what an answer costs is known once it is made. */
  spend(amount: number): void {
    this.#left -= amount;
  }
}
