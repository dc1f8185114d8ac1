import { Worker, type ResourceLimits } from "node:worker_threads";
import type { MemoryUse } from "../model/memory.ts";
import { isMemoryLittle, readMemoryUse } from "./memory-use.ts";
import type { WorkerStart } from "./messages.ts";

/** Of the memory there may be, what new objects of a worker may take: one part of so many. */
const youngPart = 32;

const mebibyte = 1024 * 1024;

/** Starts a thread that forwards: TypeScript in a checkout, JavaScript once built. */
export function startWorker(workerData: WorkerStart): Worker {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const resourceLimits = workerMemory(readMemoryUse());
  return new Worker(new URL(`./worker-thread.${extension}`, import.meta.url), {
    workerData,
    ...(resourceLimits === undefined ? {} : { resourceLimits }),
  });
}

/**
 * What a worker's heap may take where the whole process may have so much; undefined for V8's own choice. V8 lets
 * new objects have 48 MB before it looks again, of which most is garbage: worth a twelfth of a new connection's
 * time, but not a third of a small container.
 */
export function workerMemory(use: MemoryUse | undefined): ResourceLimits | undefined {
  if (use === undefined || !isMemoryLittle(use)) return undefined;
  const share = use.limit / youngPart / mebibyte;
  return { maxYoungGenerationSizeMb: Math.max(2, Math.round(share)) };
}
