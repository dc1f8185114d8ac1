import {
  requestBuckets,
  requestColumn,
  requestMethods,
  serviceColumns,
  statusClasses,
} from "../model/counters.ts";
import type { GatewayFigures } from "../model/figures.ts";
import { gatewayKey } from "../model/gateway.ts";
import type { Readers, requestMetrics } from "./catalogue.ts";
import { histogram, type Read, type Sample } from "./family.ts";
import { labelText } from "./label-text.ts";
import type { ServiceRow } from "./service-row.ts";

/** What has requests, and under which name. */
type Asked = Pick<ServiceRow, "nameLabel" | "cells">;

/** How the families that describe requests are read. */
export function requestFamilies(
  readAll: () => readonly ServiceRow[],
  gateway: () => readonly GatewayFigures[],
): Readers<typeof requestMetrics, Read> {
  const read = (): ServiceRow[] => readAll().filter((one) => one.mode === "http" || wasAsked(one));
  const readUsed = (): ServiceRow[] => read().filter((one) => one.isUsed || wasAsked(one));
  return {
    portolan_http_requests_total: () => classes([...read(), ...gateway().map(asAsked)]),
    // What goes no further than the gateway takes no time that tells anything.
    portolan_http_request_duration_seconds: () => durations(readUsed()),
  };
}

/** Any service may be asked by its host name, whatever the mode of its own port. */
function wasAsked({ cells }: Asked): boolean {
  const { requests: first, requestDurations: end } = serviceColumns;
  return cells.subarray(first, end).some((count) => count > 0);
}

function asAsked({ kind, port, cells }: GatewayFigures): Asked {
  return { nameLabel: labelText({ service: gatewayKey(kind, port) }), cells };
}

function* classes(services: readonly Asked[]): Iterable<Sample> {
  for (const { nameLabel, cells } of services) {
    for (const method of requestMethods) yield* ofMethod(nameLabel, method, cells);
  }
}

/** Methods that nobody used have no series, but for GET: all of them would be 54 for each service. */
function* ofMethod(nameLabel: string, method: string, cells: Float64Array): Iterable<Sample> {
  const first = requestColumn(method, 100);
  const counts = cells.subarray(first, first + statusClasses.length);
  if (method !== "GET" && counts.every((count) => count === 0)) return;
  for (const [index, code] of statusClasses.entries()) {
    yield { labels: `${nameLabel},${labelText({ method, code })}`, value: counts[index] ?? 0 };
  }
}

function* durations(services: readonly Asked[]): Iterable<Sample> {
  const { requestDurations: first, requestDurationSum: sum } = serviceColumns;
  for (const { nameLabel, cells } of services) {
    const counts = cells.subarray(first, first + requestBuckets.length + 1);
    yield* histogram(nameLabel, requestBuckets, { counts, sum: cells[sum] ?? 0 });
  }
}
