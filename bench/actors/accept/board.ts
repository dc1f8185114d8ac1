import type { WorkerShare } from "../verbs.ts";

const cells = { accepted: 0, open: 1, isRetired: 2 } as const;
const width = 4;

/** What all threads know of each worker: one row of counters for each, in shared memory. */
export class Board {
  readonly memory: SharedArrayBuffer;
  readonly #rows: Int32Array;
  #next = 0;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#rows = new Int32Array(memory);
  }

  static of(workers: number): Board {
    return new Board(new SharedArrayBuffer(workers * width * Int32Array.BYTES_PER_ELEMENT));
  }

  get workers(): number {
    return this.#rows.length / width;
  }

  /** The worker with the fewest open connections; among equals they take turns. */
  leastLoaded(): number {
    const { workers } = this;
    let best = -1;
    let fewest = Number.POSITIVE_INFINITY;
    for (let step = 0; step < workers; step += 1) {
      const worker = (this.#next + step) % workers;
      const open = this.#read(worker, "open");
      if (open < fewest && this.#read(worker, "isRetired") === 0) {
        best = worker;
        fewest = open;
      }
    }
    this.#next = (best + 1) % workers;
    return best;
  }

  took(worker: number): void {
    Atomics.add(this.#rows, worker * width + cells.accepted, 1);
    Atomics.add(this.#rows, worker * width + cells.open, 1);
  }

  lost(worker: number): void {
    Atomics.sub(this.#rows, worker * width + cells.open, 1);
  }

  retire(worker: number, isRetired: boolean): void {
    Atomics.store(this.#rows, worker * width + cells.isRetired, isRetired ? 1 : 0);
  }

  shares(): WorkerShare[] {
    return Array.from({ length: this.workers }, (_, worker) => ({
      accepted: this.#read(worker, "accepted"),
      open: this.#read(worker, "open"),
    }));
  }

  #read(worker: number, cell: keyof typeof cells): number {
    return Atomics.load(this.#rows, worker * width + cells[cell]);
  }
}
