import { createHistogram } from "node:perf_hooks";
import { monotonicMs } from "../../support/monotonic.ts";
import { usageOf } from "../../support/proc.ts";
import type { Lap } from "../verbs.ts";

const nanosecondsPerMs = 1e6;

/** Counts what a flow does, from lap to lap. */
export class Score {
  readonly #latency = createHistogram();
  readonly #failures = new Map<string, number>();
  readonly #replicas = new Set<number>();
  #completed = 0;

  /** One answer, so long after its request was due. */
  completed(ms: number, replica: number): void {
    this.#completed += 1;
    this.#replicas.add(replica);
    this.#latency.record(Math.max(1, Math.round(ms * nanosecondsPerMs)));
  }

  failed(reason: string): void {
    this.#failures.set(reason, (this.#failures.get(reason) ?? 0) + 1);
  }

  /** Everything since the lap before, and a new one begins. */
  lap(pids: readonly number[]): Lap {
    const at = (percent: number): number => this.#latency.percentile(percent) / nanosecondsPerMs;
    const lap = {
      atMs: monotonicMs(),
      completed: this.#completed,
      failed: [...this.#failures.values()].reduce((sum, count) => sum + count, 0),
      failures: Object.fromEntries(this.#failures),
      replicas: [...this.#replicas],
      latency: {
        p50: at(50),
        p99: at(99),
        p999: at(99.9),
        max: this.#latency.max / nanosecondsPerMs,
      },
      usage: usageOf(pids),
    };
    this.#completed = 0;
    this.#failures.clear();
    this.#replicas.clear();
    this.#latency.reset();
    return lap;
  }
}
