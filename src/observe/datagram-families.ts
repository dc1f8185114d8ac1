import { droppedColumn, serviceColumns, sessionsClosedColumn } from "../model/counters.ts";
import type { ListenerFigures } from "../model/figures.ts";
import { dropReasons, sessionEndings } from "../model/outcome.ts";
import type { datagramMetrics, Readers } from "./catalogue.ts";
import type { Read, Sample } from "./family.ts";
import { labelText } from "./label-text.ts";
import type { ServiceRow } from "./service-row.ts";

/** How the families that describe UDP services are read. */
export function datagramFamilies(
  readAll: () => readonly ServiceRow[],
): Readers<typeof datagramMetrics, Read> {
  const read = (): ServiceRow[] => readAll().filter(({ protocol }) => protocol === "udp");
  const perService = (value: (row: ServiceRow) => number) => (): Iterable<Sample> =>
    read().map((row) => ({ labels: row.nameLabel, value: value(row) }));
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

function* endings(services: readonly ServiceRow[]): Iterable<Sample> {
  for (const { nameLabel, cells } of services) {
    for (const reason of sessionEndings) {
      yield {
        labels: `${nameLabel},reason="${reason}"`,
        value: cells[sessionsClosedColumn(reason)] ?? 0,
      };
    }
  }
}

function* directions(services: readonly ServiceRow[]): Iterable<Sample> {
  const { datagramsIn, datagramsOut } = serviceColumns;
  for (const { nameLabel, cells } of services) {
    yield { labels: `${nameLabel},direction="in"`, value: cells[datagramsIn] ?? 0 };
    yield { labels: `${nameLabel},direction="out"`, value: cells[datagramsOut] ?? 0 };
  }
}

function* drops(services: readonly ServiceRow[]): Iterable<Sample> {
  for (const { nameLabel, cells } of services) {
    for (const reason of dropReasons) {
      yield { labels: `${nameLabel},reason="${reason}"`, value: cells[droppedColumn(reason)] ?? 0 };
    }
  }
}

/** What is not known of a listener has no series. */
function* listeners(
  services: readonly ServiceRow[],
  value: (listener: ListenerFigures) => number | undefined,
): Iterable<Sample> {
  for (const { nameLabel, listeners: bound } of services) {
    for (const listener of bound) {
      const number = value(listener);
      if (number !== undefined) {
        yield { labels: `${nameLabel},${labelText({ address: listener.address })}`, value: number };
      }
    }
  }
}
