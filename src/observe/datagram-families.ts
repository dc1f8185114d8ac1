import { droppedColumn, serviceColumns, sessionsClosedColumn } from "../model/counters.ts";
import type { ListenerFigures, ServiceFigures } from "../model/figures.ts";
import { dropReasons, sessionEndings } from "../model/outcome.ts";
import type { datagramMetrics, Readers } from "./catalogue.ts";
import type { Read, Sample } from "./family.ts";

/** How the families that describe UDP services are read. */
export function datagramFamilies(
  readAll: () => readonly ServiceFigures[],
): Readers<typeof datagramMetrics, Read> {
  const read = (): ServiceFigures[] => readAll().filter(({ protocol }) => protocol === "udp");
  const perService = (value: (figures: ServiceFigures) => number) => (): Iterable<Sample> =>
    read().map((figures) => ({ labels: { service: figures.service }, value: value(figures) }));
  const perListener = (value: (listener: ListenerFigures) => number | undefined) => () =>
    listeners(read(), value);
  const { sessions, sessionsActive } = serviceColumns;
  return {
    portolan_udp_sessions_total: perService(({ cells }) => cells[sessions] ?? 0),
    portolan_udp_sessions_active: perService(({ cells }) => cells[sessionsActive] ?? 0),
    portolan_udp_sessions_limit: perService(({ limit }) => limit),
    portolan_udp_sessions_closed_total: () => endings(read()),
    portolan_udp_datagrams_total: () => directions(read()),
    portolan_udp_dropped_total: () => drops(read()),
    portolan_udp_receive_buffer_bytes: perListener(({ receiveBuffer }) => receiveBuffer),
    portolan_udp_kernel_dropped_total: perListener(({ kernelDrops }) => kernelDrops),
  };
}

function* endings(services: readonly ServiceFigures[]): Iterable<Sample> {
  for (const { service, cells } of services) {
    for (const reason of sessionEndings) {
      yield { labels: { service, reason }, value: cells[sessionsClosedColumn(reason)] ?? 0 };
    }
  }
}

function* directions(services: readonly ServiceFigures[]): Iterable<Sample> {
  const { datagramsIn, datagramsOut } = serviceColumns;
  for (const { service, cells } of services) {
    yield { labels: { service, direction: "in" }, value: cells[datagramsIn] ?? 0 };
    yield { labels: { service, direction: "out" }, value: cells[datagramsOut] ?? 0 };
  }
}

function* drops(services: readonly ServiceFigures[]): Iterable<Sample> {
  for (const { service, cells } of services) {
    for (const reason of dropReasons) {
      yield { labels: { service, reason }, value: cells[droppedColumn(reason)] ?? 0 };
    }
  }
}

/** What is not known of a listener has no series. */
function* listeners(
  services: readonly ServiceFigures[],
  value: (listener: ListenerFigures) => number | undefined,
): Iterable<Sample> {
  for (const { service, listeners: bound } of services) {
    for (const listener of bound) {
      const number = value(listener);
      if (number !== undefined) {
        yield { labels: { service, address: listener.address }, value: number };
      }
    }
  }
}
