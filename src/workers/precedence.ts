import { readdirSync, readlinkSync } from "node:fs";
import { setPriority } from "node:os";

/** How far everything but the data plane steps back; the kernel then gives it a tenth of a contended core. */
const nice = 10;

/** The kernel's id of the calling thread; undefined where the kernel does not say. */
export function threadId(): number | undefined {
  try {
    return Number(readlinkSync("/proc/thread-self").split("/").at(-1));
  } catch {
    // Not Linux: no precedence can be given.
    return undefined;
  }
}

/**
 * Lets the threads that forward go first. Parsing a large list and collecting its garbage takes several threads of
 * the process for hundreds of milliseconds; on a busy host clients would wait for their time slices. Threads made
 * later inherit the step back, so a new worker is brought forward, where the right to do so is there. Nothing happens
 * before all workers are there.
 */
export function giveWay(workers: readonly (number | undefined)[]): void {
  if (workers.includes(undefined)) return;
  for (const thread of threads()) set(thread, workers.includes(thread) ? 0 : nice);
}

function threads(): number[] {
  try {
    return readdirSync("/proc/self/task").map(Number);
  } catch {
    // Not Linux.
    return [];
  }
}

function set(thread: number, priority: number): void {
  try {
    setPriority(thread, priority);
  } catch {
    // A thread that has just ended, or one that may not be brought forward again: all forward all the same.
  }
}
