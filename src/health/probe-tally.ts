import type { CheckKind } from "../model/check.ts";
import { bucketOf } from "../model/counters.ts";
import { probeBuckets, type CheckFigures, type ProbeFigures } from "../model/figures.ts";
import type { ProbeResult, ProbeTarget } from "./probes/probe.ts";

type Times = { -readonly [K in keyof ProbeFigures]: ProbeFigures[K] };
type Counts = { -readonly [K in keyof CheckFigures]: CheckFigures[K] };

/** Counts what probes found, by service and by what they ask, and how long they took. */
export class ProbeTally {
  readonly #byKind = new Map<CheckKind, Times>();
  /** By service, then by kind. */
  readonly #byService = new Map<string, Map<CheckKind, Counts>>();

  /** Notes one answer, which took `tookMs`. */
  count({ service = "", check }: ProbeTarget, result: ProbeResult, tookMs: number): void {
    const times = this.#timesOf(check.kind);
    const bucket = bucketOf(probeBuckets, tookMs / 1000);
    times.durations[bucket] = (times.durations[bucket] ?? 0) + 1;
    times.durationSum += tookMs / 1000;
    this.#countsOf(service, check.kind)[columnOf(result)] += 1;
  }

  /** Forgets services other than these. */
  keep(services: ReadonlySet<string>): void {
    for (const service of this.#byService.keys()) {
      if (!services.has(service)) this.#byService.delete(service);
    }
  }

  figures(): ProbeFigures[] {
    return [...this.#byKind.values()];
  }

  figuresByService(): CheckFigures[] {
    return [...this.#byService.values()].flatMap((kinds) => [...kinds.values()]);
  }

  #timesOf(kind: CheckKind): Times {
    const known = this.#byKind.get(kind);
    if (known !== undefined) return known;
    const durations = new Float64Array(probeBuckets.length + 1);
    const fresh = { kind, durations, durationSum: 0 };
    this.#byKind.set(kind, fresh);
    return fresh;
  }

  #countsOf(service: string, kind: CheckKind): Counts {
    const kinds = this.#byService.get(service) ?? new Map<CheckKind, Counts>();
    this.#byService.set(service, kinds);
    const known = kinds.get(kind);
    if (known !== undefined) return known;
    const fresh = { service, kind, good: 0, bad: 0, late: 0, void: 0 };
    kinds.set(kind, fresh);
    return fresh;
  }
}

/** [haproxy: check codes] L4TOUT, L6TOUT and L7TOUT are for no answer in time. */
function columnOf({ kind, reason }: ProbeResult): "good" | "bad" | "late" | "void" {
  return kind === "bad" && /^L[467]TOUT/.test(reason) ? "late" : kind;
}
