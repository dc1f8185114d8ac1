import { probeBuckets, type ProbeFigures, type TransitionFigures } from "../model/figures.ts";
import type { checkMetrics, Readers } from "./catalogue.ts";
import { histogram, type Read, type Sample } from "./family.ts";

/** What health has to tell. */
export interface CheckFigures {
  readonly probes: () => readonly ProbeFigures[];
  readonly transitions: () => readonly TransitionFigures[];
}

/** How the families that describe probes are read. */
export function checkFamilies({
  probes,
  transitions,
}: CheckFigures): Readers<typeof checkMetrics, Read> {
  return {
    portolan_checks_total: () => results(probes()),
    portolan_check_duration_seconds: () => durations(probes()),
    portolan_check_transitions_total: () =>
      transitions().flatMap(({ service, protocol, up, down }) => [
        { labels: { service, protocol, to: "up" }, value: up },
        { labels: { service, protocol, to: "down" }, value: down },
      ]),
  };
}

function* results(probes: readonly ProbeFigures[]): Iterable<Sample> {
  for (const { kind, good, bad, void: nothing } of probes) {
    yield { labels: { type: kind, result: "ok" }, value: good };
    yield { labels: { type: kind, result: "fail" }, value: bad };
    // Our own shortage, which says nothing of the replica, must not look like its failure.
    yield { labels: { type: kind, result: "local_error" }, value: nothing };
  }
}

function* durations(probes: readonly ProbeFigures[]): Iterable<Sample> {
  for (const { kind, durations: counts, durationSum: sum } of probes) {
    yield* histogram({ type: kind }, probeBuckets, { counts, sum });
  }
}
