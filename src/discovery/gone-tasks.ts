/** More than any burst: past it the oldest are forgotten, and their loss is doubted like any other. */
const mostGone = 10_000;

/** Ids of tasks that a source itself reported gone, for as long as they are not there again. */
export class GoneTasks {
  readonly #gone = new Set<string>();

  add(tasks: Iterable<string>): void {
    for (const task of tasks) {
      // Set anew, so that the oldest come first.
      this.#gone.delete(task);
      this.#gone.add(task);
    }
    for (const task of this.#gone) {
      if (this.#gone.size <= mostGone) break;
      this.#gone.delete(task);
    }
  }

  /** All of them but those that a newer look has among its tasks; a copy. */
  without(present: ReadonlySet<string>): ReadonlySet<string> {
    for (const task of this.#gone) if (present.has(task)) this.#gone.delete(task);
    return new Set(this.#gone);
  }
}
