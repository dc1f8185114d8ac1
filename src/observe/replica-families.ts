import { failureColumn, replicaColumns } from "../model/counters.ts";
import type { ReplicaFigures } from "../model/figures.ts";
import { dialFailures } from "../model/outcome.ts";
import type { ReplicaState } from "../model/replica.ts";
import type { Readers, replicaStateMetrics, replicaDetailMetrics } from "./catalogue.ts";
import type { Read, Sample } from "./family.ts";
import { labelText } from "./label-text.ts";
import type { ServiceRow } from "./service-row.ts";

type Rows = () => readonly ServiceRow[];

/** How the families that say which replicas take connections are read. */
export function replicaStateFamilies(read: Rows): Readers<typeof replicaStateMetrics, Read> {
  return {
    portolan_service_replicas: () => perState(read()),
    portolan_replica_up: () => perReplica(read(), ({ state }) => (state === "up" ? 1 : 0)),
  };
}

/**
 * How the families with every figure of every replica are read. Every host of a cluster exports them: series are
 * hosts × services × replicas × families, so they are for those who ask.
 */
export function replicaDetailFamilies(read: Rows): Readers<typeof replicaDetailMetrics, Read> {
  const column = (index: number) => (): Iterable<Sample> =>
    perReplica(read(), ({ cells }) => cells[index] ?? 0);
  const { connections, active, received, sent } = replicaColumns;
  return {
    portolan_replica_weight: () => perReplica(read(), ({ weight }) => weight),
    portolan_replica_last_change_timestamp_seconds: () =>
      perReplica(read(), ({ since }) => since / 1000),
    portolan_replica_connections_total: column(connections),
    portolan_replica_connections_active: column(active),
    portolan_replica_received_bytes_total: column(received),
    portolan_replica_sent_bytes_total: column(sent),
    portolan_replica_connect_errors_total: () => perFailure(read()),
  };
}

function* perReplica(
  rows: readonly ServiceRow[],
  value: (figures: ReplicaFigures) => number,
): Iterable<Sample> {
  for (const { nameLabel, replicas } of rows) {
    for (const figures of replicas) {
      yield { labels: labelsOf(nameLabel, figures), value: value(figures) };
    }
  }
}

function labelsOf(nameLabel: string, { replica }: ReplicaFigures): string {
  return `${nameLabel},${labelText({ replica })}`;
}

/** States that no replica is in have no series, but for `up`. */
function* perState(rows: readonly ServiceRow[]): Iterable<Sample> {
  for (const { nameLabel, replicas } of rows) {
    const counts = new Map<ReplicaState, number>([["up", 0]]);
    for (const { state } of replicas) counts.set(state, (counts.get(state) ?? 0) + 1);
    for (const [state, value] of counts) {
      yield { labels: `${nameLabel},state="${state}"`, value };
    }
  }
}

function* perFailure(rows: readonly ServiceRow[]): Iterable<Sample> {
  for (const { nameLabel, replicas } of rows) {
    for (const figures of replicas) {
      const labels = labelsOf(nameLabel, figures);
      for (const reason of dialFailures) {
        const value = figures.cells[failureColumn(reason)] ?? 0;
        yield { labels: `${labels},reason="${reason}"`, value };
      }
    }
  }
}
