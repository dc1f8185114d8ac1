/** Things in the order in which they fall due; taking out and putting in cost the logarithm of their number. */
export class DueQueue<T> {
  readonly #heap: { readonly dueAt: number; readonly item: T }[] = [];

  /** When the first one is due; Infinity when there is none. */
  get nextAt(): number {
    return this.#heap[0]?.dueAt ?? Infinity;
  }

  add(item: T, dueAt: number): void {
    const heap = this.#heap;
    heap.push({ dueAt, item });
    let at = heap.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#precedes(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** Takes out the first one that is due at `now`; undefined when there is none. */
  take(now: number): { readonly dueAt: number; readonly item: T } | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.at(-1);
    if (first === undefined || last === undefined || first.dueAt > now) return undefined;
    heap.pop();
    if (heap.length > 0) {
      heap[0] = last;
      this.#sink();
    }
    return first;
  }

  #sink(): void {
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const smaller = this.#precedes(left + 1, left) ? left + 1 : left;
      if (!this.#precedes(smaller, at)) return;
      this.#swap(smaller, at);
      at = smaller;
    }
  }

  #precedes(one: number, other: number): boolean {
    const [first, second] = [this.#heap[one], this.#heap[other]];
    return first !== undefined && second !== undefined && first.dueAt < second.dueAt;
  }

  #swap(one: number, other: number): void {
    const [first, second] = [this.#heap[one], this.#heap[other]];
    if (first === undefined || second === undefined) return;
    this.#heap[one] = second;
    this.#heap[other] = first;
  }
}
