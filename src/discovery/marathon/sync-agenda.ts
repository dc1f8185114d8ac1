import { Backoff } from "../../async/backoff.ts";
import type { Random } from "../../model/clock.ts";

export interface SyncAgendaOptions {
  /** Longest time between two looks, in ms; each is drawn from 80 to 100 % of it. */
  readonly refreshIntervalMs: number;
  /** A burst of events is over after this long without one, in ms. */
  readonly quietMs: number;
  /** A burst is not waited for longer than this, in ms. */
  readonly maxWaitMs: number;
  readonly random: Random;
}

const recheckMs = 1000;
const retryFirstMs = 100;
const retryCapMs = 15_000;

/** When to look next. Pure: every time is ms on one monotonic clock of the caller. The first look is due at once. */
export class SyncAgenda {
  readonly #options: SyncAgendaOptions;
  readonly #backoff: Backoff;
  #burst: { readonly firstAt: number; readonly lastAt: number } | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #recheckAt = Number.POSITIVE_INFINITY;
  #periodicAt = Number.POSITIVE_INFINITY;
  #isForEvents = false;

  constructor(options: SyncAgendaOptions) {
    this.#options = options;
    this.#backoff = new Backoff({
      firstMs: retryFirstMs,
      capMs: retryCapMs,
      random: options.random,
    });
  }

  get dueAt(): number {
    return Math.min(this.#burstDueAt(), this.#askedAt, this.#recheckAt, this.#periodicAt);
  }

  /** An event said that something changed. */
  changed(now: number): void {
    this.#burst = { firstAt: this.#burst?.firstAt ?? now, lastAt: now };
  }

  /** Asks for a look at this time, or earlier. */
  ask(at: number): void {
    this.#askedAt = Math.min(this.#askedAt, at);
  }

  /** A look begins: it answers everything that is due; what comes from now on needs another one. */
  begin(now: number): void {
    if (this.#burst !== undefined) this.#isForEvents = true;
    this.#burst = undefined;
    if (this.#askedAt <= now) this.#askedAt = Number.POSITIVE_INFINITY;
    if (this.#recheckAt <= now) this.#recheckAt = Number.POSITIVE_INFINITY;
    this.#periodicAt = Number.POSITIVE_INFINITY;
  }

  /** The look is over. After one for events, another confirms it, since reads may be stale [marathon §3.4]. */
  end(now: number, succeeded: boolean): void {
    const { refreshIntervalMs, random } = this.#options;
    if (!succeeded) {
      this.#periodicAt = now + Math.min(this.#backoff.next(), refreshIntervalMs);
      return;
    }
    this.#backoff.reset();
    this.#periodicAt = now + refreshIntervalMs * (0.8 + 0.2 * random());
    if (this.#isForEvents) this.#recheckAt = now + recheckMs;
    this.#isForEvents = false;
  }

  #burstDueAt(): number {
    if (this.#burst === undefined) return Number.POSITIVE_INFINITY;
    const { quietMs, maxWaitMs } = this.#options;
    return Math.min(this.#burst.lastAt + quietMs, this.#burst.firstAt + maxWaitMs);
  }
}
