import { WorkerPool } from "../../src/workers/pool.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A pool of real workers on 127.0.0.1 that has no table yet; its owner closes it. No replica is local unless told otherwise. */
export function startWorkerPool(workers: number, isLocal: () => boolean = () => false): WorkerPool {
  return WorkerPool.start({
    workers,
    settings: {
      bindHosts: ["127.0.0.1"],
      proxyTrusted: [],
      limits: {
        connectTimeoutMs: 3000,
        connectBudgetMs: 9000,
        headerTimeoutMs: 5000,
        halfCloseMs: 30_000,
        writeStallMs: 120_000,
      },
    },
    logger: silent,
    random: Math.random,
    clock: Date.now,
    isLocal,
    troubled: () => undefined,
    suspected: () => undefined,
  });
}
