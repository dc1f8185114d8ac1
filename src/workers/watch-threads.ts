import { repeat } from "../async/repeat.ts";
import type { Logger } from "../model/logger.ts";
import type { Watchdog } from "./watchdog.ts";

const everyMs = 1000;

export interface WatchOptions {
  readonly logger: Logger;
  /** Ends this worker, so that another one takes its place. */
  readonly end: (worker: number) => void;
}

/** Tells of threads whose event loop no longer turns, and ends them, until the signal aborts. */
export function watchThreads(
  watchdog: Watchdog,
  { logger, end }: WatchOptions,
  signal: AbortSignal,
): Promise<void> {
  return repeat(everyMs, signal, () => {
    for (const { worker, forMs, isTooLong } of watchdog.look(performance.now())) {
      logger.warn("worker stands still", { worker, seconds: Math.round(forMs / 1000) });
      if (isTooLong) end(worker);
    }
  });
}
