import assert from "node:assert/strict";
import { test } from "node:test";
import {
  closedColumn,
  droppedColumn,
  failureColumn,
  replicaColumns,
  replicaRow,
  requestColumn,
  serviceColumns,
  serviceRow,
  sessionsClosedColumn,
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
    mode: "tcp",
    cells,
    limit: 8192,
    listeners: [{ address: "127.0.0.1:80", bound: true }],
    replicas: [replica, { ...replica, replica: "10.0.0.2:80", state: "down" }],
  };
}

function datagramFigures(): ServiceFigures {
  const cells = new Float64Array(serviceRow);
  cells[serviceColumns.sessions] = 7;
  cells[serviceColumns.sessionsActive] = 3;
  cells[sessionsClosedColumn("idle")] = 4;
  cells[serviceColumns.datagramsIn] = 20;
  cells[serviceColumns.datagramsOut] = 19;
  cells[droppedColumn("too-big")] = 1;
  const listener = { address: "127.0.0.1:53", bound: true };
  return {
    service: "dns:53",
    protocol: "udp",
    mode: "udp",
    cells,
    limit: 4096,
    listeners: [{ ...listener, receiveBuffer: 8_388_608, kernelDrops: 5 }],
    replicas: [],
  };
}

function requestFigures(): ServiceFigures {
  const cells = new Float64Array(serviceRow);
  cells[requestColumn(204)] = 5;
  cells[requestColumn(503)] = 2;
  cells[requestColumn(0)] = 1;
  cells[serviceColumns.requestDurations + 1] = 7;
  cells[serviceColumns.requestDurationSum] = 0.02;
  const none = { listeners: [], replicas: [], limit: 8192 };
  return { service: "web:8080", protocol: "tcp", mode: "http", cells, ...none };
}

function allFigures(): ServiceFigures[] {
  return [figures(), datagramFigures(), requestFigures()];
}

function metrics(detailed: boolean, services: () => ServiceFigures[] = allFigures): Metrics {
  return new Metrics({
    detailed,
    version: "1.2.3",
    services,
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
    probes: () => [
      {
        kind: "http",
        good: 5,
        bad: 2,
        void: 1,
        durations: Float64Array.from([1, 2, 0, 0, 0, 0, 0, 0, 0, 5]),
        durationSum: 40,
      },
    ],
    transitions: () => [{ service: 'we"b:80', protocol: "tcp", up: 3, down: 4 }],
    servicesBySource: () => new Map([["marathon", 1]]),
    generation: () => 4,
    changes: () => new Map([["added", 1]]),
    problems: () => new Map([["port-conflict", 2]]),
    bindErrors: () => new Map([["EACCES", 1]]),
    workerCrashes: () => 0,
    workerUtilization: () => [0.25],
    gateway: () => [],
    accessLinesDropped: () => 0,
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
  'portolan_udp_sessions_total{service="dns:53"} 7',
  'portolan_udp_sessions_active{service="dns:53"} 3',
  'portolan_udp_sessions_limit{service="dns:53"} 4096',
  'portolan_udp_sessions_closed_total{service="dns:53",reason="idle"} 4',
  'portolan_udp_datagrams_total{service="dns:53",direction="in"} 20',
  'portolan_udp_datagrams_total{service="dns:53",direction="out"} 19',
  'portolan_udp_dropped_total{service="dns:53",reason="too-big"} 1',
  'portolan_udp_receive_buffer_bytes{service="dns:53",address="127.0.0.1:53"} 8388608',
  'portolan_udp_kernel_dropped_total{service="dns:53",address="127.0.0.1:53"} 5',
  'portolan_service_up{service="dns:53",protocol="udp"} 0',
  'portolan_service_up{service="we\\"b:80",protocol="tcp"} 1',
  'portolan_service_replicas{service="we\\"b:80",state="down"} 1',
  'portolan_replica_up{service="we\\"b:80",replica="10.0.0.2:80"} 0',
  'portolan_http_requests_total{service="web:8080",code="2xx"} 5',
  'portolan_http_requests_total{service="web:8080",code="5xx"} 2',
  'portolan_http_requests_total{service="web:8080",code="none"} 1',
  'portolan_http_request_duration_seconds_bucket{service="web:8080",le="0.005"} 7',
  'portolan_http_request_duration_seconds_count{service="web:8080"} 7',
  'portolan_checks_total{type="http",result="ok"} 5',
  'portolan_checks_total{type="http",result="fail"} 2',
  'portolan_checks_total{type="http",result="local_error"} 1',
  'portolan_check_duration_seconds_bucket{type="http",le="0.005"} 3',
  'portolan_check_duration_seconds_bucket{type="http",le="+Inf"} 8',
  'portolan_check_duration_seconds_sum{type="http"} 40',
  'portolan_check_transitions_total{service="we\\"b:80",protocol="tcp",to="down"} 4',
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

test("connections are told of TCP services only, sessions of UDP services only", async () => {
  const { body } = await metrics(true).render();
  const printed = body.split("\n");
  const connections = printed.filter((line) => /^portolan_(service_)?connections_/.test(line));
  assert.ok(connections.length > 0);
  assert.ok(connections.every((line) => !line.includes("dns:53")));
  const sessions = printed.filter((line) => line.startsWith("portolan_udp_"));
  assert.ok(sessions.every((line) => line.includes("dns:53")));
});

test("replicas are exported in full only when asked for", async () => {
  const { body } = await metrics(false).render();
  for (const name of Object.keys(replicaDetailMetrics)) assert.ok(!body.includes(name), name);
  assert.ok(body.includes("portolan_replica_up{"));
});

test("the figures of all services are read once for each scrape", async () => {
  let reads = 0;
  const counted = metrics(true, () => {
    reads += 1;
    return allFigures();
  });
  await counted.render();
  assert.equal(reads, 1);
  await counted.render();
  assert.equal(reads, 2);
});
