/** A row that has had no owner for this long may be given to another, in ms: metrics of the old one have been scraped. */
const keepMs = 300_000;

interface Holding {
  readonly row: number;
  /** When its owner left, in ms; undefined while it is there. */
  leftAt: number | undefined;
}

/**
 * Gives out rows of the shared counters by name. Row 0 is shared by all who come when no other is left, so that
 * running out costs detail but never a connection.
 */
export class Rows {
  readonly #capacity: number;
  readonly #held = new Map<string, Holding>();
  readonly #free: number[] = [];
  #next = 1;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The row of `name`, its old one if it comes back in time; 0 when all are taken. */
  take(name: string): number {
    const held = this.#held.get(name);
    if (held !== undefined) {
      held.leftAt = undefined;
      return held.row;
    }
    const row = this.#free.pop() ?? (this.#next < this.#capacity ? this.#next++ : 0);
    if (row !== 0) this.#held.set(name, { row, leftAt: undefined });
    return row;
  }

  /** Notes that `name` is no longer there; its row is kept for a while. */
  leave(name: string, now: number): void {
    const held = this.#held.get(name);
    if (held !== undefined) held.leftAt ??= now;
  }

  /** Takes back rows whose owner left long ago and that nobody uses; returns them, to be cleared before reuse. */
  reclaim(now: number, inUse: (row: number) => boolean): number[] {
    const reclaimed: number[] = [];
    for (const [name, { row, leftAt }] of this.#held) {
      if (leftAt === undefined || now - leftAt < keepMs || inUse(row)) continue;
      this.#held.delete(name);
      this.#free.push(row);
      reclaimed.push(row);
    }
    return reclaimed;
  }

  /** Every row in use, the shared one and those of recent leavers included. */
  *all(): Iterable<number> {
    yield 0;
    for (const { row } of this.#held.values()) yield row;
  }

  /** Names that are no longer there, with the rows that are kept for them. */
  *left(): Iterable<readonly [name: string, row: number]> {
    for (const [name, { row, leftAt }] of this.#held) if (leftAt !== undefined) yield [name, row];
  }

  /** The row of `name`, or undefined when it has none of its own. */
  get(name: string): number | undefined {
    return this.#held.get(name)?.row;
  }
}
