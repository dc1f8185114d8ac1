/** What can wait: it is asked to try again when there may be room, and told when it has waited too long. */
export interface Waiter {
  /** Tries again; true when it got in. */
  retry(): boolean;
  expire(): void;
}

export interface WaitingLineOptions {
  /** Waiters at most. Default 1024. */
  readonly limit?: number;
  /** How often room is looked for that others have made, in ms. Default 20. */
  readonly lookEveryMs?: number;
  /** Told of everyone who joins, by 1, and leaves, by −1. */
  readonly counted?: (by: 1 | -1) => void;
}

/** First come, first served within one engine: connections that wait for a replica with room. */
export class WaitingLine {
  readonly #limit: number;
  readonly #lookEveryMs: number;
  readonly #counted: (by: 1 | -1) => void;
  readonly #waiters = new Map<Waiter, NodeJS.Timeout>();
  #look: NodeJS.Timeout | undefined;
  #isAdvancing = false;

  constructor({ limit = 1024, lookEveryMs = 20, counted }: WaitingLineOptions = {}) {
    this.#limit = limit;
    this.#lookEveryMs = lookEveryMs;
    this.#counted = counted ?? (() => undefined);
  }

  /** True while those in it try again. */
  get isAdvancing(): boolean {
    return this.#isAdvancing;
  }

  get size(): number {
    return this.#waiters.size;
  }

  /** Joins the end; false when the line is full. */
  join(waiter: Waiter, timeoutMs: number): boolean {
    if (this.#waiters.size >= this.#limit) return false;
    const timer = setTimeout(() => {
      this.leave(waiter);
      waiter.expire();
    }, timeoutMs);
    this.#waiters.set(waiter, timer);
    this.#counted(1);
    this.#keepLooking();
    return true;
  }

  leave(waiter: Waiter): void {
    clearTimeout(this.#waiters.get(waiter));
    if (this.#waiters.delete(waiter)) this.#counted(-1);
    if (this.#waiters.size === 0) this.#stopLooking();
  }

  /** Sends everyone away. */
  dismiss(): void {
    for (const waiter of this.#waiters.keys()) {
      this.leave(waiter);
      waiter.expire();
    }
  }

  /** Lets in whoever is first, and so on, until one does not get in. */
  advance(): void {
    this.#isAdvancing = true;
    try {
      for (const waiter of this.#waiters.keys()) {
        if (!waiter.retry()) return;
        this.leave(waiter);
      }
    } finally {
      this.#isAdvancing = false;
    }
  }

  /** Leaves the room there is to others: each of them looks for it before this one does again. */
  giveWay(): void {
    if (this.#look === undefined) return;
    this.#stopLooking();
    this.#keepLooking(this.#lookEveryMs * 1.5);
  }

  #keepLooking(inMs: number = this.#lookEveryMs): void {
    // Room made by other workers is not told to this one.
    this.#look ??= setTimeout(() => {
      this.#look = undefined;
      this.advance();
      if (this.#waiters.size > 0) this.#keepLooking();
    }, inMs);
  }

  #stopLooking(): void {
    clearTimeout(this.#look);
    this.#look = undefined;
  }
}
