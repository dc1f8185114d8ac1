import { spawnSync } from "node:child_process";
import type { Cpus } from "./cpus.ts";
import { threadsOf } from "./proc.ts";
import { isDataPlane } from "./threads.ts";

/** Where the threads of the proxy may run. */
export interface Placement {
  readonly name: string;
  /** For sources, table, metrics and garbage collection. */
  readonly control: string;
  /** For the threads that forward. */
  readonly data: string;
  /** For Marathon: never beside the thread that is looked at. */
  readonly marathon: string;
}

/** The ways to divide the processors within the proxy; none when nothing can be pinned. */
export function placementsOf({ proxy, rest }: Cpus): Placement[] {
  if (proxy === undefined || rest === undefined) return [];
  return [
    { name: "one core", control: proxy, data: proxy, marathon: rest },
    { name: "worker on another core", control: proxy, data: rest, marathon: proxy },
  ];
}

/** Moves every thread of a running portolan, and its Marathon. */
export function place(
  { portolan, marathon }: { readonly portolan: number; readonly marathon: number },
  placement: Placement,
): void {
  placeThreads(portolan, placement);
  for (const { id } of threadsOf(marathon)) move(id, placement.marathon);
}

/** Moves every thread of one process. */
export function placeThreads(
  pid: number,
  { control, data }: Omit<Placement, "name" | "marathon">,
): void {
  for (const thread of threadsOf(pid)) move(thread.id, isDataPlane(thread) ? data : control);
}

/** Puts each thread that forwards on a processor of its own, as far as there are enough; all others anywhere. */
export function spreadWorkers(pid: number, { proxy, rest }: Cpus): void {
  if (proxy === undefined || rest === undefined) return;
  const cpus = [proxy, ...rest.split(",")];
  let placed = 0;
  for (const thread of threadsOf(pid)) {
    const own = isDataPlane(thread) ? cpus[placed % cpus.length] : undefined;
    if (own !== undefined) placed += 1;
    move(thread.id, own ?? cpus.join(","));
  }
}

function move(thread: number, cpus: string): void {
  const { status, stderr } = spawnSync("taskset", ["-p", "-c", cpus, String(thread)]);
  if (status !== 0) throw new Error(`thread ${thread} could not be moved: ${stderr.toString()}`);
}
