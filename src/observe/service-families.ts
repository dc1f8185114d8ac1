import {
  closedColumn,
  connectBuckets,
  durationBuckets,
  serviceColumns,
} from "../model/counters.ts";
import type { ServiceFigures } from "../model/figures.ts";
import { outcomes, sideOf, type Outcome } from "../model/outcome.ts";
import type { Readers, serviceMetrics } from "./catalogue.ts";
import { histogram, type Read, type Sample } from "./family.ts";

/** How the families that describe services as clients see them are read. */
export function serviceFamilies(
  read: () => readonly ServiceFigures[],
): Readers<typeof serviceMetrics, Read> {
  // UDP services have sessions instead of connections: see datagram-families.ts.
  const streams = (): ServiceFigures[] => read().filter(({ protocol }) => protocol === "tcp");
  const perService = (value: Value) => (): Iterable<Sample> => samples(read(), value);
  const perStream = (value: Value) => (): Iterable<Sample> => samples(streams(), value);
  const column = (index: number): Read => perService(({ cells }) => cells[index] ?? 0);
  const { accepted, active, received, sent, retries, redispatches } = serviceColumns;
  const { durations, durationSum, connects, connectSum } = serviceColumns;
  return {
    portolan_service_connections_total: perStream(({ cells }) => cells[accepted] ?? 0),
    portolan_service_connections_active: perStream(({ cells }) => cells[active] ?? 0),
    portolan_service_connections_limit: perStream(({ limit }) => limit),
    portolan_service_received_bytes_total: column(received),
    portolan_service_sent_bytes_total: column(sent),
    portolan_replica_retries_total: column(retries),
    portolan_replica_redispatches_total: column(redispatches),
    portolan_service_up: perService(({ replicas }) =>
      replicas.some(({ state }) => state === "up") ? 1 : 0,
    ),
    portolan_connections_closed_total: () => endings(streams()),
    portolan_service_connections_rejected_total: () => rejections(streams()),
    portolan_service_connection_duration_seconds: () =>
      times(streams(), durationBuckets, { first: durations, sum: durationSum }),
    portolan_replica_connect_duration_seconds: () =>
      times(streams(), connectBuckets, { first: connects, sum: connectSum }),
  };
}

type Value = (figures: ServiceFigures) => number;

function samples(services: readonly ServiceFigures[], value: Value): Sample[] {
  return services.map((figures) => ({ labels: labelsOf(figures), value: value(figures) }));
}

const rejecting: ReadonlyMap<Outcome, string> = new Map<Outcome, string>([
  ["no-replica", "no_replica"],
  ["connection-limit", "max_connections"],
  ["queue-full", "queue_full"],
  ["queue-timeout", "queue_timeout"],
  ["denied", "acl"],
  ["proxy-header", "proxy_header"],
]);

function* endings(services: readonly ServiceFigures[]): Iterable<Sample> {
  for (const figures of services) {
    for (const outcome of outcomes) {
      const labels = { ...labelsOf(figures), by: sideOf(outcome), reason: outcome };
      yield { labels, value: figures.cells[closedColumn(outcome)] ?? 0 };
    }
  }
}

function* rejections(services: readonly ServiceFigures[]): Iterable<Sample> {
  for (const figures of services) {
    for (const [outcome, reason] of rejecting) {
      const labels = { ...labelsOf(figures), reason };
      yield { labels, value: figures.cells[closedColumn(outcome)] ?? 0 };
    }
  }
}

function* times(
  services: readonly ServiceFigures[],
  bounds: readonly number[],
  column: { readonly first: number; readonly sum: number },
): Iterable<Sample> {
  for (const figures of services) {
    const counts = figures.cells.subarray(column.first, column.first + bounds.length + 1);
    yield* histogram(labelsOf(figures), bounds, { counts, sum: figures.cells[column.sum] ?? 0 });
  }
}

function labelsOf({ service, protocol }: ServiceFigures): { service: string; protocol: string } {
  return { service, protocol };
}
