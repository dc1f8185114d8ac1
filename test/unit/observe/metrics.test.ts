import assert from "node:assert/strict";
import { test } from "node:test";
import {
  closedColumn,
  failureColumn,
  replicaColumns,
  replicaRow,
  serviceColumns,
  serviceRow,
} from "../../../src/model/counters.ts";
import type { ServiceFigures } from "../../../src/model/figures.ts";
import { catalogue, replicaDetailMetrics } from "../../../src/observe/catalogue.ts";
import { Metrics } from "../../../src/observe/metrics.ts";

function figures(): ServiceFigures {
  const cells = new Float64Array(serviceRow);
  cells[serviceColumns.accepted] = 12;
  cells[serviceColumns.active] = 2;
  cells[closedColumn("completed")] = 9;
  cells[closedColumn("no-replica")] = 1;
  cells[serviceColumns.connects] = 3;
  cells[serviceColumns.connects + 2] = 4;
  cells[serviceColumns.connectSum] = 0.5;
  const replicaCells = new Float64Array(replicaRow);
  replicaCells[replicaColumns.connections] = 11;
  replicaCells[failureColumn("refused")] = 5;
  const replica = {
    replica: "10.0.0.1:80",
    state: "up",
    weight: 500,
    since: 1000,
    cells: replicaCells,
  } as const;
  return {
    service: 'we"b:80',
    protocol: "tcp",
    cells,
    limit: 8192,
    listeners: [{ address: "127.0.0.1:80", bound: true }],
    replicas: [replica, { ...replica, replica: "10.0.0.2:80", state: "down" }],
  };
}

function metrics(detailed: boolean): Metrics {
  return new Metrics({
    detailed,
    version: "1.2.3",
    services: () => [figures()],
    sources: () => [
      {
        source: "marathon",
        connected: true,
        events: 3,
        reconnects: 1,
        syncs: 7,
        failures: 2,
        lastSyncAt: 5000,
        lastSyncDurationMs: undefined,
      },
    ],
    servicesBySource: () => new Map([["marathon", 1]]),
    generation: () => 4,
    changes: () => new Map([["added", 1]]),
    problems: () => new Map([["port-conflict", 2]]),
    bindErrors: () => new Map([["EACCES", 1]]),
    workerCrashes: () => 0,
    workerUtilization: () => [0.25],
    logLinesDropped: () => 0,
  });
}

const lines = [
  'portolan_service_connections_total{service="we\\"b:80",protocol="tcp"} 12',
  'portolan_service_connections_active{service="we\\"b:80",protocol="tcp"} 2',
  'portolan_connections_closed_total{service="we\\"b:80",protocol="tcp",by="downstream",reason="completed"} 9',
  'portolan_service_connections_rejected_total{service="we\\"b:80",protocol="tcp",reason="no_replica"} 1',
  'portolan_replica_connect_duration_seconds_bucket{service="we\\"b:80",protocol="tcp",le="0.0005"} 3',
  'portolan_replica_connect_duration_seconds_bucket{service="we\\"b:80",protocol="tcp",le="+Inf"} 7',
  'portolan_replica_connect_duration_seconds_sum{service="we\\"b:80",protocol="tcp"} 0.5',
  'portolan_replica_connect_duration_seconds_count{service="we\\"b:80",protocol="tcp"} 7',
  'portolan_service_up{service="we\\"b:80",protocol="tcp"} 1',
  'portolan_service_replicas{service="we\\"b:80",state="down"} 1',
  'portolan_replica_up{service="we\\"b:80",replica="10.0.0.2:80"} 0',
  'portolan_discovery_syncs_total{source="marathon",result="failed"} 2',
  'portolan_discovery_last_success_timestamp_seconds{source="marathon"} 5',
  'portolan_problems{kind="port-conflict"} 2',
  'portolan_listener_up{service="we\\"b:80",protocol="tcp",address="127.0.0.1:80"} 1',
  'portolan_worker_event_loop_utilization_ratio{worker="0"} 0.25',
];

test("every family is there with its type, help and numbers", async () => {
  const { type, body } = await metrics(true).render();
  assert.match(type, /^text\/plain; version=0\.0\.4/);
  const printed = body.split("\n");
  for (const line of lines) assert.ok(printed.includes(line), line);
  for (const [name, described] of Object.entries(catalogue)) {
    assert.ok(printed.includes(`# TYPE ${name} ${described.type}`), name);
    assert.ok(printed.includes(`# HELP ${name} ${described.help}`), name);
  }
  assert.ok(body.includes("process_cpu_seconds_total"));
  assert.ok(
    !body.includes("portolan_discovery_sync_duration_seconds{"),
    "what is not known has no series",
  );
});

test("replicas are exported in full only when asked for", async () => {
  const { body } = await metrics(false).render();
  for (const name of Object.keys(replicaDetailMetrics)) assert.ok(!body.includes(name), name);
  assert.ok(body.includes("portolan_replica_up{"));
});
