import { availableParallelism } from "node:os";
import type { Config } from "../config/settings.ts";
import { gatewayPlan } from "./gateway.ts";
import { readMemoryUse } from "../workers/memory-use.ts";
import type { PoolOptions } from "../workers/pool.ts";

const mostWorkers = 64;

/** Of the memory there may be, what the streams of all workers may have to be read into: one part of so many. */
const streamPart = 16;

/** What every engine is configured with for its whole life. */
export function engineSettings(config: Config): PoolOptions["settings"] {
  const { limit = Infinity } = readMemoryUse() ?? {};
  return {
    streamBytes: limit / streamPart / workerCount(config.workers),
    bindHosts: config.bind,
    proxyTrusted: config.proxyTrusted,
    gateway: gatewayPlan(config),
    limits: {
      connectTimeoutMs: config.connectTimeoutMs,
      connectBudgetMs: 3 * config.connectTimeoutMs,
      headerTimeoutMs: 5000,
      halfCloseMs: 30_000,
      writeStallMs: 120_000,
    },
  };
}

/** Threads that forward. */
export function workerCount(workers: number | "auto"): number {
  return workers === "auto" ? Math.min(availableParallelism(), mostWorkers) : workers;
}
