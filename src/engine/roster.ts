/** Where something stands on its roster; written by the roster alone, −1 while it is on none. */
export interface Rostered {
  place: number;
}

/**
 * Those that are there now, in no order; each may be on one roster. A `Set` would do but for the collector: it deletes by
 * leaving a hole, and a new table for every few dozen that come and go. An old table names the next one and all who were
 * in it, so that from the first one which got old enough to be collected late, every connection there has ever been
 * outlives the small collections.
 */
export class Roster<T extends Rostered> {
  readonly #members: T[] = [];

  get size(): number {
    return this.#members.length;
  }

  add(member: T): void {
    member.place = this.#members.push(member) - 1;
  }

  /** Does nothing when it is not here. */
  delete(member: T): void {
    const { place } = member;
    if (this.#members[place] !== member) return;
    const last = this.#members.pop();
    member.place = -1;
    if (last === undefined || last === member) return;
    this.#members[place] = last;
    last.place = place;
  }

  /** Those who are there at this moment: some may leave while they are gone through. */
  [Symbol.iterator](): ArrayIterator<T> {
    return this.#members.slice().values();
  }
}
