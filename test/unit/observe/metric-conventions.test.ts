import assert from "node:assert/strict";
import { test } from "node:test";
import { readSamples } from "../../support/samples.ts";
import { metrics, textOf } from "./sample-metrics.ts";

/**
 * What users of HAProxy, Envoy and Traefik look for, under our names: family, type, labels it must have. A replica is
 * theirs by the name of backend or server.
 */
const expected: readonly (readonly [name: string, type: string, ...labels: string[]])[] = [
  ["portolan_build_info", "gauge", "version", "revision", "node_version"],
  ["portolan_connections_active", "gauge"],
  ["portolan_connections_limit", "gauge"],
  ["portolan_connections_over_limit_total", "counter"],
  ["portolan_worker_event_loop_utilization_ratio", "gauge", "worker"],
  ["portolan_service_connections_total", "counter", "service", "protocol"],
  ["portolan_service_connections_active", "gauge", "service", "protocol"],
  ["portolan_service_connections_limit", "gauge", "service"],
  ["portolan_service_connections_rejected_total", "counter", "service", "reason"],
  ["portolan_service_received_bytes_total", "counter", "service"],
  ["portolan_service_sent_bytes_total", "counter", "service"],
  ["portolan_service_connection_duration_seconds", "histogram", "service"],
  ["portolan_service_up", "gauge", "service"],
  ["portolan_service_replicas", "gauge", "service", "state"],
  ["portolan_listener_up", "gauge", "service", "address"],
  ["portolan_listener_bind_errors_total", "counter", "code"],
  ["portolan_replica_up", "gauge", "service", "replica"],
  ["portolan_replica_weight", "gauge", "service", "replica"],
  ["portolan_replica_connections_total", "counter", "service", "replica"],
  ["portolan_replica_connections_active", "gauge", "service", "replica"],
  ["portolan_replica_connect_errors_total", "counter", "service", "replica", "reason"],
  ["portolan_replica_connect_duration_seconds", "histogram", "service"],
  ["portolan_replica_received_bytes_total", "counter", "service", "replica"],
  ["portolan_replica_sent_bytes_total", "counter", "service", "replica"],
  ["portolan_replica_retries_total", "counter", "service"],
  ["portolan_replica_redispatches_total", "counter", "service"],
  ["portolan_connections_closed_total", "counter", "service", "by", "reason"],
  ["portolan_checks_total", "counter", "service", "type", "result"],
  ["portolan_check_duration_seconds", "histogram", "type"],
  ["portolan_check_transitions_total", "counter", "service", "to"],
  ["portolan_replica_last_change_timestamp_seconds", "gauge", "service", "replica"],
  ["portolan_udp_sessions_active", "gauge", "service"],
  ["portolan_udp_sessions_total", "counter", "service"],
  ["portolan_udp_datagrams_total", "counter", "service", "direction"],
  ["portolan_udp_dropped_total", "counter", "service", "reason"],
  ["portolan_http_requests_total", "counter", "service", "code", "method"],
  ["portolan_http_request_duration_seconds", "histogram", "service"],
  ["portolan_discovery_connected", "gauge", "source"],
  ["portolan_discovery_events_total", "counter", "source", "type"],
  ["portolan_discovery_reconnects_total", "counter", "source", "reason"],
  ["portolan_discovery_syncs_total", "counter", "source", "result"],
  ["portolan_discovery_sync_duration_seconds", "histogram", "source"],
  ["portolan_discovery_last_success_timestamp_seconds", "gauge", "source"],
  ["portolan_discovery_invalid_apps", "gauge", "source"],
  ["portolan_services", "gauge", "source"],
  ["portolan_routing_table_generation", "gauge"],
  ["portolan_routing_changes_total", "counter", "op"],
  ["portolan_metrics_series_dropped_total", "counter"],
  ["portolan_log_dropped_total", "counter"],
  ["process_cpu_seconds_total", "counter"],
  ["process_open_fds", "gauge"],
  ["process_max_fds", "gauge"],
  ["nodejs_eventloop_lag_seconds", "gauge"],
];

const body = await textOf(metrics(true));
const samples = readSamples(body);
const types = new Map(Array.from(body.matchAll(/^# TYPE (\S+) (\w+)$/gm), ([, a, b]) => [a, b]));

for (const [name, type, ...labels] of expected) {
  test(`${name} is a ${type} by ${labels.join() || "nothing"}`, () => {
    assert.equal(types.get(name), type);
    const first = type === "histogram" ? `${name}_bucket` : name;
    const series = samples.filter((sample) => sample.name === first);
    assert.ok(series.length > 0);
    for (const sample of series) {
      for (const label of labels) assert.ok(label in sample.labels, label);
    }
  });
}

test("names say their unit and what grows, and no label is a client's or a path's", () => {
  for (const [name, type] of types) {
    if (!name?.startsWith("portolan_")) continue;
    assert.equal(name.endsWith("_total"), type === "counter", name);
    assert.doesNotMatch(name, /_(?:ms|milliseconds|percent|avg|average|kb|mb)(?:_|$)/, name);
  }
  const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)));
  for (const forbidden of ["client", "path", "url", "host", "user_agent", "task", "instance"]) {
    assert.ok(!labels.has(forbidden), forbidden);
  }
});
