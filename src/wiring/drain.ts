import { sleep } from "../async/sleep.ts";
import type { Logger } from "../model/logger.ts";
import type { WorkerPool } from "../workers/pool.ts";

export interface DrainOptions {
  /** Time for everything, in ms. */
  readonly timeoutMs: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const lookMs = 50;
/** A moment for the resets to leave and to be counted, in ms. */
const resetMs = 100;

/** Stops accepting, lets running connections end, and resets those that have not when the time is over. */
export async function drainConnections(
  pool: Pick<WorkerPool, "stopAccepting" | "abort" | "memory">,
  { timeoutMs, logger, signal }: DrainOptions,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  // A thread that hangs must not keep the others, or us, from ending in time.
  await Promise.race([pool.stopAccepting(), sleep(timeoutMs, signal)]);
  const open = (): number => pool.memory.connections();
  logger.info("draining", { connections: open(), timeoutMs });
  while (open() > 0 && performance.now() < deadline) await sleep(lookMs, signal);
  if (open() === 0) return;
  logger.warn("drain timeout: the rest is reset", { connections: open() });
  pool.abort("drained");
  await sleep(resetMs, signal);
}
