import {
  requestBuckets,
  requestColumn,
  requestMethods,
  serviceColumns,
  statusClasses,
} from "../model/counters.ts";
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
    for (const method of requestMethods) yield* ofMethod({ service, method }, cells);
  }
}

/** Methods that nobody used have no series, but for GET: all of them would be 54 for each service. */
function* ofMethod(
  labels: { readonly service: string; readonly method: string },
  cells: Float64Array,
): Iterable<Sample> {
  const first = requestColumn(labels.method, 100);
  const counts = cells.subarray(first, first + statusClasses.length);
  if (labels.method !== "GET" && counts.every((count) => count === 0)) return;
  for (const [index, code] of statusClasses.entries()) {
    yield { labels: { ...labels, code }, value: counts[index] ?? 0 };
  }
}

function* durations(services: readonly ServiceFigures[]): Iterable<Sample> {
  const { requestDurations: first, requestDurationSum: sum } = serviceColumns;
  for (const { service, cells } of services) {
    const counts = cells.subarray(first, first + requestBuckets.length + 1);
    yield* histogram({ service }, requestBuckets, { counts, sum: cells[sum] ?? 0 });
  }
}
