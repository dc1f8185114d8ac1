import type { CheckKind } from "../model/check.ts";
import { bucketOf } from "../model/counters.ts";
import { probeBuckets, type ProbeFigures } from "../model/figures.ts";
import type { ProbeResult } from "./probes/probe.ts";

type Counts = { -readonly [K in keyof ProbeFigures]: ProbeFigures[K] };

/** Counts what probes found and how long they took, by what they ask. */
export class ProbeTally {
  readonly #byKind = new Map<CheckKind, Counts>();

  /** Notes one answer, which took `tookMs`. */
  count(kind: CheckKind, result: ProbeResult["kind"], tookMs: number): void {
    const counts = this.#byKind.get(kind) ?? {
      kind,
      good: 0,
      bad: 0,
      void: 0,
      durations: new Float64Array(probeBuckets.length + 1),
      durationSum: 0,
    };
    this.#byKind.set(kind, counts);
    counts[result] += 1;
    const bucket = bucketOf(probeBuckets, tookMs / 1000);
    counts.durations[bucket] = (counts.durations[bucket] ?? 0) + 1;
    counts.durationSum += tookMs / 1000;
  }

  /** The numbers so far. */
  figures(): ProbeFigures[] {
    return [...this.#byKind.values()];
  }
}
