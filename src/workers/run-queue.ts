import { readFileSync } from "node:fs";

/**
 * How long a thread of this process, by the kernel's id, has been ready to run and waited for a processor, in ms of its
 * whole life [linux: sched-stats, /proc/<pid>/task/<tid>/schedstat]; 0 where the kernel does not say.
 */
export function waitedForProcessor(thread: number | undefined): number {
  if (thread === undefined) return 0;
  try {
    const [, waited] = readFileSync(`/proc/self/task/${thread}/schedstat`, "utf8").split(" ");
    return Number(waited) / 1e6;
  } catch {
    // Not Linux, or built without, or the thread has just ended.
    return 0;
  }
}
