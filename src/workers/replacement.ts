import { Backoff } from "../async/backoff.ts";

/** A worker that lived this long has served, in ms: what ended it was not its start. */
const servedMs = 1000;

/**
 * When a worker that died is followed by another: at once, as far as people can tell, if it had served, however often
 * that happens; later and later if workers die of being started.
 */
export class Replacement {
  readonly #backoff: Backoff;

  constructor(random: () => number) {
    this.#backoff = new Backoff({ firstMs: 100, capMs: 30_000, random });
  }

  /** How long to wait, in ms, after a life of `livedMs`. */
  after(livedMs: number): number {
    if (livedMs >= servedMs) this.#backoff.reset();
    return this.#backoff.next();
  }
}
