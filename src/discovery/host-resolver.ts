import { lookup } from "node:dns/promises";

import { Alarm } from "../async/alarm.ts";

/** Every address of a name, best first; rejects when there is none. */
type Lookup = (name: string) => Promise<readonly string[]>;

/** Options of a HostResolver; times in ms. */
export interface HostResolverOptions {
  /** Default: the system's resolver. */
  readonly lookup?: Lookup;
  /** How long an answer is good. Default 60,000. */
  readonly ttlMs?: number;
  /** How long the last good answer is kept when asking fails. Default 600,000. */
  readonly keepMs?: number;
  /** Wait before a name that failed is asked for again. Default 5000. */
  readonly retryMs?: number;
  /** Longest time for one question. Default 5000. */
  readonly timeoutMs?: number;
  /** Questions under way at once. Default 8. */
  readonly concurrency?: number;
}

interface Entry {
  address: string | undefined;
  /** When the address was last confirmed; -∞ when never. */
  goodAt: number;
  /** When to ask next. */
  dueAt: number;
  isWanted: boolean;
  isAsked: boolean;
  hasSettled: boolean;
}

const systemLookup: Lookup = async (name) => {
  const answers = await lookup(name, { all: true });
  return answers.map(({ address }) => address);
};

/**
 * Keeps the addresses of a set of host names fresh in the background. Reading one never waits; `onChange` hears when
 * one has come, gone or changed. All times are of `performance.now()`.
 */
export class HostResolver {
  readonly #options: Required<HostResolverOptions>;
  readonly #onChange: () => void;
  readonly #entries = new Map<string, Entry>();
  readonly #signal: AbortSignal;
  readonly #answered = new Alarm();
  #underWay = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Asks nothing more once the signal has aborted. */
  constructor(options: HostResolverOptions, onChange: () => void, signal: AbortSignal) {
    this.#options = { ...defaults, ...options };
    this.#onChange = onChange;
    this.#signal = signal;
    signal.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
  }

  /** Replaces the set of names to keep; one that is wanted again soon still has its address. */
  want(names: ReadonlySet<string>): void {
    const forgetAt = performance.now() - this.#options.ttlMs;
    for (const [name, entry] of this.#entries) {
      entry.isWanted = names.has(name);
      if (!entry.isWanted && entry.goodAt < forgetAt) this.#entries.delete(name);
    }
    for (const name of names) if (!this.#entries.has(name)) this.#entries.set(name, freshEntry());
    this.#ask();
  }

  /** The address of a wanted name; undefined while it has none. */
  addressOf(name: string): string | undefined {
    return this.#entries.get(name)?.address;
  }

  /** True while a name has been asked for neither with success nor in vain. */
  isAwaited(name: string): boolean {
    return this.#entries.get(name)?.hasSettled === false;
  }

  /** Resolves when every wanted name has been asked for once, after `ms`, or when the signal aborts; true for the first. */
  async settled(ms: number): Promise<boolean> {
    const until = performance.now() + ms;
    while (!this.#signal.aborted && this.#isWaiting()) {
      const leftMs = until - performance.now();
      if (leftMs <= 0) return false;
      await this.#answered.wait(leftMs, this.#signal);
    }
    return true;
  }

  #isWaiting(): boolean {
    return [...this.#entries.values()].some(({ isWanted, hasSettled }) => isWanted && !hasSettled);
  }

  #ask(): void {
    clearTimeout(this.#timer);
    if (this.#signal.aborted) return;
    const now = performance.now();
    let nextAt = Number.POSITIVE_INFINITY;
    for (const [name, entry] of this.#entries) {
      if (entry.isAsked || !entry.isWanted) continue;
      if (entry.dueAt > now) nextAt = Math.min(nextAt, entry.dueAt);
      else if (this.#underWay < this.#options.concurrency) void this.#resolve(name, entry);
    }
    // Names left over wait for a free place, not for time: the next answer asks again.
    if (nextAt < Number.POSITIVE_INFINITY)
      this.#timer = setTimeout(() => this.#ask(), Math.max(1, nextAt - now));
  }

  /** Never rejects. */
  async #resolve(name: string, entry: Entry): Promise<void> {
    this.#underWay += 1;
    entry.isAsked = true;
    const before = entry.address;
    const answer = await this.#answer(name);
    if (this.#signal.aborted) return;
    const now = performance.now();
    const { ttlMs, keepMs, retryMs } = this.#options;
    if (answer.length > 0) {
      // Staying with an address that is still listed keeps a name of many from moving at every look.
      if (entry.address === undefined || !answer.includes(entry.address)) entry.address = answer[0];
      entry.goodAt = now;
    } else if (now - entry.goodAt > keepMs) entry.address = undefined;
    entry.dueAt = now + (answer.length > 0 ? ttlMs : Math.min(retryMs, ttlMs));
    entry.isAsked = false;
    entry.hasSettled = true;
    this.#underWay -= 1;
    this.#answered.ring();
    if (entry.address !== before && this.#entries.get(name) === entry) this.#onChange();
    this.#ask();
  }

  /** No address stands for a name that does not resolve in time, for whatever reason. */
  async #answer(name: string): Promise<readonly string[]> {
    const late = new Alarm();
    const nothing = late.wait(this.#options.timeoutMs, this.#signal).then(() => []);
    try {
      return await Promise.race([this.#options.lookup(name), nothing]);
    } catch {
      // The reason is of no use here: what matters is reported per replica that is left out.
      return [];
    } finally {
      late.ring();
    }
  }
}

function freshEntry(): Entry {
  const never = Number.NEGATIVE_INFINITY;
  return {
    address: undefined,
    goodAt: never,
    dueAt: never,
    isWanted: true,
    isAsked: false,
    hasSettled: false,
  };
}

const defaults: Required<HostResolverOptions> = {
  lookup: systemLookup,
  ttlMs: 60_000,
  keepMs: 600_000,
  retryMs: 5000,
  timeoutMs: 5000,
  concurrency: 8,
};
