type Waiter = (leader: number | undefined) => void;

/** Who leads, and who waits to know. */
export class Election {
  #leader: number | undefined = 0;
  readonly #waiters = new Set<Waiter>();

  /** Undefined while there is no leader that is ready. */
  get leader(): number | undefined {
    return this.#leader;
  }

  set leader(member: number | undefined) {
    this.#leader = member;
    if (member === undefined) return;
    for (const waiter of this.#waiters) waiter(member);
  }

  /** The leader, as soon as there is one; undefined when there is none for `ms`. [marathon: leader proxying] */
  leaderWithin(ms: number): Promise<number | undefined> {
    if (this.#leader !== undefined) return Promise.resolve(this.#leader);
    return new Promise((resolve) => {
      const finish: Waiter = (leader) => {
        clearTimeout(timer);
        this.#waiters.delete(finish);
        resolve(leader);
      };
      const timer = setTimeout(() => finish(undefined), ms);
      this.#waiters.add(finish);
    });
  }

  /** Lets everyone go who still waits. */
  close(): void {
    for (const waiter of this.#waiters) waiter(undefined);
  }
}
