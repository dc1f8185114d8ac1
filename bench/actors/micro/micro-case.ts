/** One thing to time. */
export interface MicroCase {
  readonly name: string;
  /** How often `run` does it. */
  readonly operations: number;
  readonly run: () => void;
}

/** Keeps the compiler from dropping work whose result nobody wants. */
export class Sink {
  #last: unknown;

  take(value: unknown): void {
    this.#last = value;
  }

  get last(): unknown {
    return this.#last;
  }
}
