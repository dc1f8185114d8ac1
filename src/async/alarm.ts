const longestTimer = 2 ** 31 - 1;

/** A wait that can be cut short; one waiter at a time. */
export class Alarm {
  #ring: (() => void) | undefined;

  /** Ends the present wait now; nothing when nobody waits. */
  ring(): void {
    this.#ring?.();
  }

  /** Resolves after `ms` (clamped to what a timer can hold), when rung, or when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        this.#ring = undefined;
        resolve();
      };
      const timer = setTimeout(end, Math.min(Math.max(ms, 1), longestTimer));
      this.#ring = end;
      if (signal.aborted) end();
      else signal.addEventListener("abort", end, { once: true });
    });
  }
}
