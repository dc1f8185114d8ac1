import { failureColumn, replicaColumns } from "../model/counters.ts";
import type { ReplicaFigures, ServiceFigures } from "../model/figures.ts";
import { dialFailures } from "../model/outcome.ts";
import type { ReplicaState } from "../model/replica.ts";
import type { Readers, replicaStateMetrics, replicaDetailMetrics } from "./catalogue.ts";
import type { Read, Sample } from "./family.ts";

const states: readonly ReplicaState[] = ["up", "down", "unknown", "draining", "ejected"];

type Services = () => readonly ServiceFigures[];

/** How the families that say which replicas take connections are read. */
export function replicaStateFamilies(read: Services): Readers<typeof replicaStateMetrics, Read> {
  return {
    portolan_service_replicas: () => perState(read()),
    portolan_replica_up: () => perReplica(read(), ({ state }) => (state === "up" ? 1 : 0)),
  };
}

/**
 * How the families with every figure of every replica are read. Every host of a cluster exports them: series are
 * hosts × services × replicas × families, so they are for those who ask.
 */
export function replicaDetailFamilies(read: Services): Readers<typeof replicaDetailMetrics, Read> {
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
  services: readonly ServiceFigures[],
  value: (figures: ReplicaFigures) => number,
): Iterable<Sample> {
  for (const { service, replicas } of services) {
    for (const figures of replicas) {
      yield { labels: { service, replica: figures.replica }, value: value(figures) };
    }
  }
}

function* perState(services: readonly ServiceFigures[]): Iterable<Sample> {
  for (const { service, replicas } of services) {
    for (const state of states) {
      const value = replicas.filter((replica) => replica.state === state).length;
      yield { labels: { service, state }, value };
    }
  }
}

function* perFailure(services: readonly ServiceFigures[]): Iterable<Sample> {
  for (const { service, replicas } of services) {
    for (const { replica, cells } of replicas) {
      for (const reason of dialFailures) {
        yield { labels: { service, replica, reason }, value: cells[failureColumn(reason)] ?? 0 };
      }
    }
  }
}
