/**
 * A channel that keeps only the newest value: a slow reader skips what it missed and never holds up the writer.
 * One reader at a time; the iteration ends when the channel is closed or the signal aborts.
 */
export class Latest<T> {
  #value: { readonly of: T } | undefined;
  #wake: (() => void) | undefined;
  #closed = false;

  /** Replaces whatever the reader has not taken yet. */
  set(value: T): void {
    this.#value = { of: value };
    this.#wake?.();
  }

  /** Ends the iteration once the last value has been taken. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  async *values(signal: AbortSignal): AsyncGenerator<T, void, void> {
    const onAbort = (): void => this.#wake?.();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      while (!signal.aborted) {
        const taken = this.#value;
        if (taken !== undefined) {
          this.#value = undefined;
          yield taken.of;
        } else if (this.#closed) {
          return;
        } else {
          await this.#change(signal);
        }
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #change(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (signal.aborted) resolve();
    });
    this.#wake = undefined;
  }
}
