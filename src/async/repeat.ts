import { sleep } from "./sleep.ts";

/** Runs `work` every `everyMs` until the signal aborts; the next wait starts when the last run has ended. */
export async function repeat(
  everyMs: number,
  signal: AbortSignal,
  work: () => Promise<void> | void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await sleep(everyMs, signal);
    } catch {
      // Only the abort ends a sleep early, and it is how this loop is told to stop.
      return;
    }
    await work();
  }
}
