import {
  requestBuckets,
  requestColumn,
  requestMethods,
  serviceColumns,
  statusClasses,
} from "../model/counters.ts";
import type { GatewayFigures, ServiceFigures } from "../model/figures.ts";
import { gatewayKey } from "../model/gateway.ts";
import type { Readers, requestMetrics } from "./catalogue.ts";
import { histogram, type Read, type Sample } from "./family.ts";

/** What has requests, and under which name. */
type Asked = Pick<ServiceFigures, "service" | "cells">;

/** How the families that describe requests are read. */
export function requestFamilies(
  readAll: () => readonly ServiceFigures[],
  gateway: () => readonly GatewayFigures[],
): Readers<typeof requestMetrics, Read> {
  const read = (): Asked[] => readAll().filter((one) => one.mode === "http" || wasAsked(one));
  return {
    portolan_http_requests_total: () => classes([...read(), ...gateway().map(asAsked)]),
    // What goes no further than the gateway takes no time that tells anything.
    portolan_http_request_duration_seconds: () => durations(read()),
  };
}

/** Any service may be asked by its host name, whatever the mode of its own port. */
function wasAsked({ cells }: Asked): boolean {
  const { requests: first, requestDurations: end } = serviceColumns;
  return cells.subarray(first, end).some((count) => count > 0);
}

function asAsked({ kind, port, cells }: GatewayFigures): Asked {
  return { service: gatewayKey(kind, port), cells };
}

function* classes(services: readonly Asked[]): Iterable<Sample> {
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

function* durations(services: readonly Asked[]): Iterable<Sample> {
  const { requestDurations: first, requestDurationSum: sum } = serviceColumns;
  for (const { service, cells } of services) {
    const counts = cells.subarray(first, first + requestBuckets.length + 1);
    yield* histogram({ service }, requestBuckets, { counts, sum: cells[sum] ?? 0 });
  }
}
