import { type ThreadUsage, threadsOf } from "./proc.ts";

/** CPU time of groups of threads as a share of the time that passed, 1 for one processor. */
export interface ThreadShares {
  /** The control plane. */
  readonly main: number;
  /** The data plane. */
  readonly workers: number;
  /** Garbage collection, compilation, name resolution. */
  readonly others: number;
}

/** Watches the threads of a Node process from now on. */
export class ThreadWatch {
  readonly #pid: number;
  readonly #startedAt = performance.now();
  readonly #before: ReadonlyMap<number, number>;

  constructor(pid: number) {
    this.#pid = pid;
    this.#before = new Map(threadsOf(pid).map(({ id, cpuMs }) => [id, cpuMs]));
  }

  /** What the threads have used since. */
  shares(): ThreadShares {
    const passedMs = performance.now() - this.#startedAt;
    const shares = { main: 0, workers: 0, others: 0 };
    for (const thread of threadsOf(this.#pid)) {
      const usedMs = thread.cpuMs - (this.#before.get(thread.id) ?? 0);
      shares[this.#groupOf(thread)] += usedMs / passedMs;
    }
    return shares;
  }

  #groupOf(thread: ThreadUsage): keyof ThreadShares {
    if (thread.id === this.#pid) return "main";
    return isDataPlane(thread) ? "workers" : "others";
  }
}

/** [node: thread names] True for a thread of `worker_threads`, which in portolan forwards. */
export function isDataPlane({ name }: ThreadUsage): boolean {
  return name.includes("WorkerThread");
}
