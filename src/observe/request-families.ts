import { requestBuckets, serviceColumns, statusClasses } from "../model/counters.ts";
import type { ServiceFigures } from "../model/figures.ts";
import type { Readers, requestMetrics } from "./catalogue.ts";
import { histogram, type Read, type Sample } from "./family.ts";

/** How the families that describe HTTP services are read. */
export function requestFamilies(
  readAll: () => readonly ServiceFigures[],
): Readers<typeof requestMetrics, Read> {
  const read = (): ServiceFigures[] => readAll().filter(({ mode }) => mode === "http");
  return {
    portolan_http_requests_total: () => classes(read()),
    portolan_http_request_duration_seconds: () => durations(read()),
  };
}

function* classes(services: readonly ServiceFigures[]): Iterable<Sample> {
  for (const { service, cells } of services) {
    for (const [index, code] of statusClasses.entries()) {
      yield { labels: { service, code }, value: cells[serviceColumns.requests + index] ?? 0 };
    }
  }
}

function* durations(services: readonly ServiceFigures[]): Iterable<Sample> {
  const { requestDurations: first, requestDurationSum: sum } = serviceColumns;
  for (const { service, cells } of services) {
    const counts = cells.subarray(first, first + requestBuckets.length + 1);
    yield* histogram({ service }, requestBuckets, { counts, sum: cells[sum] ?? 0 });
  }
}
