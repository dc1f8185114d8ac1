import { Backoff } from "../../async/backoff.ts";
import type { Random } from "../../model/clock.ts";

export interface SyncAgendaOptions {
  /** Longest time between two looks, in ms; each is drawn from 80 to 100 % of it, the first one from 20. */
  readonly refreshIntervalMs: number;
  /** A burst of events is over after this long without one, in ms. */
  readonly quietMs: number;
  /** A burst is not waited for longer than this, in ms. */
  readonly maxWaitMs: number;
  readonly random: Random;
}

/** What a look is at: every app, or these alone. */
export type Scope = "all" | ReadonlySet<string>;

/** Reading more apps than this one by one costs more than reading the list. */
const mostApart = 16;
const recheckMs = 1000;
const retryFirstMs = 100;
const retryCapMs = 15_000;

/** When to look next. Pure: every time is ms on one monotonic clock of the caller. The first look is due at once. */
export class SyncAgenda {
  readonly #options: SyncAgendaOptions;
  readonly #backoff: Backoff;
  #burst: { readonly firstAt: number; readonly lastAt: number; readonly scope: Scope } | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #recheckAt = Number.POSITIVE_INFINITY;
  #recheckScope: Scope = new Set();
  #periodicAt = Number.POSITIVE_INFINITY;
  /** Everybody else may have done now what we did: started, or seen Marathon come back. */
  #isInStep = true;
  /** Of the look under way. */
  #scope: Scope = "all";
  /** What the events since the last good look were about. */
  #eventScope: Scope | undefined;

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

  /** An event said that something changed, in these apps or in any. */
  changed(now: number, apps?: readonly string[]): void {
    const { firstAt = now, scope = new Set<string>() } = this.#burst ?? {};
    this.#burst = {
      firstAt,
      lastAt: now,
      scope: union(scope, apps === undefined ? "all" : new Set(apps)),
    };
  }

  /** Asks for a look at everything at this time, or earlier. */
  ask(at: number): void {
    this.#askedAt = Math.min(this.#askedAt, at);
  }

  /** A look begins: it answers everything that is due; what comes from now on needs another one. */
  begin(now: number): Scope {
    const { scope } = this.#burst ?? {};
    if (scope !== undefined) this.#eventScope = union(this.#eventScope ?? new Set(), scope);
    this.#scope = this.#dueScope(now);
    this.#burst = undefined;
    if (this.#askedAt <= now) this.#askedAt = Number.POSITIVE_INFINITY;
    if (this.#recheckAt <= now) this.#recheckAt = Number.POSITIVE_INFINITY;
    if (this.#scope === "all") this.#periodicAt = Number.POSITIVE_INFINITY;
    return this.#scope;
  }

  /** The look is over. After one for events, another confirms it, since reads may be stale [marathon §3.4]. */
  end(now: number, succeeded: boolean): void {
    const { refreshIntervalMs } = this.#options;
    if (!succeeded) {
      this.#isInStep = true;
      this.#periodicAt = now + Math.min(this.#backoff.next(), refreshIntervalMs);
      return;
    }
    if (this.#scope === "all") {
      this.#backoff.reset();
      this.#periodicAt = now + this.#intervalMs();
    }
    if (this.#eventScope === undefined) return;
    const isPending = this.#recheckAt !== Number.POSITIVE_INFINITY;
    this.#recheckScope = union(this.#eventScope, isPending ? this.#recheckScope : new Set());
    this.#recheckAt = now + recheckMs;
    this.#eventScope = undefined;
  }

  /** Drawn from the last fifth of the interval; from nearly all of it once, so that a fleet does not go on in step. */
  #intervalMs(): number {
    const { refreshIntervalMs, random } = this.#options;
    const least = this.#isInStep ? 0.2 : 0.8;
    this.#isInStep = false;
    return refreshIntervalMs * (least + (1 - least) * random());
  }

  #dueScope(now: number): Scope {
    if (Math.min(this.#askedAt, this.#periodicAt) <= now) return "all";
    const rechecked = this.#recheckAt <= now ? this.#recheckScope : new Set<string>();
    const due = union(this.#eventScope ?? new Set(), rechecked);
    // A look that nothing asked for is its caller's wish.
    return due !== "all" && due.size === 0 ? "all" : due;
  }

  #burstDueAt(): number {
    if (this.#burst === undefined) return Number.POSITIVE_INFINITY;
    const { quietMs, maxWaitMs } = this.#options;
    return Math.min(this.#burst.lastAt + quietMs, this.#burst.firstAt + maxWaitMs);
  }
}

function union(one: Scope, other: Scope): Scope {
  if (one === "all" || other === "all") return "all";
  const both = one.union(other);
  return both.size > mostApart ? "all" : both;
}
