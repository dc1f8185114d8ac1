import {
  probeBuckets,
  type CheckFigures,
  type ProbeFigures,
  type TransitionFigures,
} from "../model/figures.ts";
import type { checkMetrics, Readers } from "./catalogue.ts";
import { histogram, type Read, type Sample } from "./family.ts";
import { labelText } from "./label-text.ts";

/** What health has to tell. */
export interface HealthFigures {
  readonly probes: () => readonly ProbeFigures[];
  readonly checks: () => readonly CheckFigures[];
  readonly transitions: () => readonly TransitionFigures[];
}

/** How the families that describe probes are read. */
export function checkFamilies({
  probes,
  checks,
  transitions,
}: HealthFigures): Readers<typeof checkMetrics, Read> {
  return {
    portolan_checks_total: () => results(checks()),
    portolan_check_duration_seconds: () => durations(probes()),
    portolan_check_transitions_total: () =>
      transitions().flatMap(({ service, protocol, up, down }) => [
        { labels: labelText({ service, protocol, to: "up" }), value: up },
        { labels: labelText({ service, protocol, to: "down" }), value: down },
      ]),
  };
}

function* results(checks: readonly CheckFigures[]): Iterable<Sample> {
  for (const { service, kind: type, good, bad, late, void: nothing } of checks) {
    yield { labels: labelText({ service, type, result: "ok" }), value: good };
    yield { labels: labelText({ service, type, result: "fail" }), value: bad };
    yield { labels: labelText({ service, type, result: "timeout" }), value: late };
    // Our own shortage, which says nothing of the replica, must not look like its failure.
    yield { labels: labelText({ service, type, result: "local_error" }), value: nothing };
  }
}

function* durations(probes: readonly ProbeFigures[]): Iterable<Sample> {
  for (const { kind, durations: counts, durationSum: sum } of probes) {
    yield* histogram(labelText({ type: kind }), probeBuckets, { counts, sum });
  }
}
