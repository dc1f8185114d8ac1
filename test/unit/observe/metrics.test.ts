import assert from "node:assert/strict";
import { test } from "node:test";
import { requestColumn, serviceColumns, serviceRow } from "../../../src/model/counters.ts";
import type {
  CheckFigures,
  GatewayFigures,
  ServiceFigures,
  TransitionFigures,
} from "../../../src/model/figures.ts";
import { catalogue, replicaDetailMetrics } from "../../../src/observe/catalogue.ts";
import { figures, metrics, textOf } from "./sample-metrics.ts";

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
  'portolan_http_requests_total{service="web:8080",method="GET",code="2xx"} 5',
  'portolan_http_requests_total{service="web:8080",method="POST",code="5xx"} 2',
  'portolan_http_requests_total{service="web:8080",method="OTHER",code="none"} 1',
  'portolan_http_request_duration_seconds_bucket{service="web:8080",le="0.005"} 7',
  'portolan_http_request_duration_seconds_count{service="web:8080"} 7',
  'portolan_checks_total{service="web:8080",type="http",result="ok"} 5',
  'portolan_checks_total{service="web:8080",type="http",result="fail"} 2',
  'portolan_checks_total{service="web:8080",type="http",result="timeout"} 3',
  'portolan_checks_total{service="web:8080",type="http",result="local_error"} 1',
  'portolan_check_duration_seconds_bucket{type="http",le="0.005"} 3',
  'portolan_check_duration_seconds_bucket{type="http",le="+Inf"} 8',
  'portolan_check_duration_seconds_sum{type="http"} 40',
  'portolan_check_transitions_total{service="we\\"b:80",protocol="tcp",to="down"} 4',
  'portolan_discovery_events_total{source="marathon",type="task"} 3',
  'portolan_discovery_reconnects_total{source="marathon",reason="silent"} 1',
  'portolan_discovery_sync_duration_seconds_bucket{source="marathon",le="0.01"} 5',
  'portolan_discovery_sync_duration_seconds_count{source="marathon"} 7',
  'portolan_discovery_invalid_apps{source="marathon"} 2',
  `portolan_build_info{version="1.2.3",revision="0ff1ce",node_version="${process.version}"} 1`,
  'portolan_discovery_syncs_total{source="marathon",result="failed"} 2',
  'portolan_discovery_last_success_timestamp_seconds{source="marathon"} 5',
  'portolan_problems{kind="port-conflict"} 2',
  'portolan_listener_up{service="we\\"b:80",protocol="tcp",address="127.0.0.1:80"} 1',
  "portolan_memory_used_bytes 900",
  "portolan_memory_shedding 1",
  'portolan_worker_event_loop_utilization_ratio{worker="0"} 0.25',
  "portolan_instance_files 3",
  "portolan_instance_files_written_total 5",
  "portolan_instance_files_removed_total 2",
  "portolan_instance_files_failures_total 4",
  "portolan_instance_files_hook_runs_total 6",
  "portolan_instance_files_hook_failures_total 1",
  'portolan_dns_answers_total{code="noerror"} 10',
  'portolan_dns_answers_total{code="nxdomain"} 1',
  'portolan_dns_answers_total{code="other"} 1',
  "portolan_dns_ignored_total 2",
  "portolan_dns_connections_active 1",
  'portolan_dns_forwarded_total{from="server"} 7',
  'portolan_dns_forwarded_total{from="cache"} 3',
  "portolan_dns_forward_failures_total 1",
];

test("every family is there with its type, help and numbers", async () => {
  const all = metrics(true);
  assert.match((await all.render()).type, /^text\/plain; version=0\.0\.4/);
  const body = await textOf(all);
  const printed = body.split("\n");
  for (const line of lines) assert.ok(printed.includes(line), line);
  for (const [name, described] of Object.entries(catalogue)) {
    assert.ok(printed.includes(`# TYPE ${name} ${described.type}`), name);
    assert.ok(printed.includes(`# HELP ${name} ${described.help}`), name);
  }
  assert.ok(body.includes("process_cpu_seconds_total"));
  assert.ok(!body.includes('method="PUT"'), "methods that nobody used have no series");
});

test("requests are told of whoever had some, by its own port or by name, and of ports of host names", async () => {
  const cells = new Float64Array(serviceRow);
  cells[requestColumn("GET", 200)] = 3;
  const byName = { ...figures(), service: "by-name:81", cells };
  const refused = new Float64Array(serviceRow);
  refused[requestColumn("", 400)] = 2;
  const port: GatewayFigures = {
    kind: "http",
    port: 80,
    cells: refused,
    listeners: [],
    unknownHosts: 0,
    passedThrough: 0,
    terminated: 0,
    refusedHellos: new Map(),
  };
  const page = metrics(false, { services: () => [figures(), byName], gateway: () => [port] });
  const printed = (await textOf(page)).split("\n");
  const told = printed.filter((line) => /^portolan_http_requests_total.* [1-9]/.test(line));
  assert.deepEqual(told, [
    'portolan_http_requests_total{service="by-name:81",method="GET",code="2xx"} 3',
    'portolan_http_requests_total{service="gateway/http/80",method="OTHER",code="4xx"} 2',
  ]);
  const timed = printed.filter((line) => /^portolan_http_request_duration.*_count/.test(line));
  assert.deepEqual(timed, ['portolan_http_request_duration_seconds_count{service="by-name:81"} 0']);
  assert.ok(!printed.some((line) => /^portolan_http_.*we..b:80/.test(line)), "who had none");
});

test("connections are told of TCP services only, sessions of UDP services only", async () => {
  const body = await textOf(metrics(true));
  const printed = body.split("\n");
  const connections = printed.filter((line) => /^portolan_(service_)?connections_/.test(line));
  assert.ok(connections.length > 0);
  assert.ok(connections.every((line) => !line.includes("dns:53")));
  const sessions = printed.filter((line) => line.startsWith("portolan_udp_"));
  assert.ok(sessions.every((line) => line.includes("dns:53")));
});

test("a page has room for so many series of services and replicas; what is beyond is counted", async () => {
  const small = metrics(true, { mostSeries: 20 });
  const body = await textOf(small);
  const ofServices = body.split("\n").filter((line) => /^portolan_.*service="/.test(line));
  // Listeners are few, and are needed most when something is wrong.
  assert.equal(ofServices.filter((line) => !line.startsWith("portolan_listener_")).length, 20);
  assert.ok(body.includes("portolan_services{"), "what does not grow is always there");
  const dropped = Number(/^portolan_metrics_series_dropped_total (\d+)$/m.exec(body)?.[1]);
  const all = await textOf(metrics(true));
  const count = (page: string): number =>
    page.split("\n").filter((line) => line.startsWith("portolan")).length;
  assert.equal(count(all) - count(body), dropped);
  assert.match(all, /^portolan_metrics_series_dropped_total 0$/m);
});

test("those who ask while a page is made get the same one (A05)", async () => {
  let reads = 0;
  const counted = metrics(false, {
    services: () => {
      reads += 1;
      return [figures()];
    },
  });
  const [one, other] = await Promise.all([counted.render(), counted.render()]);
  assert.equal(one.body, other.body);
  assert.equal(reads, 1, "services are read once for all families");
  await counted.render();
  assert.equal(reads, 2, "a small page is always of this moment");
});

/** Services that nobody has come to yet. */
function* unused(count: number): Iterable<ServiceFigures> {
  for (let index = 0; index < count; index += 1) {
    const cells = new Float64Array(serviceRow);
    yield { ...figures(), service: `app-${index}:${index}`, cells };
  }
}

test("a large page is kept for a second, and then forgotten (A05)", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let reads = 0;
  const large = metrics(false, {
    services: () => {
      reads += 1;
      return unused(2000);
    },
  });
  const { body } = await large.render();
  t.mock.timers.tick(999);
  assert.equal((await large.render()).body, body);
  t.mock.timers.tick(1);
  assert.notEqual((await large.render()).body, body);
  assert.equal(reads, 2);
});

test("a large page is made in slices, with turns for everything else between them (A05)", async () => {
  const large = metrics(false, { services: () => unused(5000) });
  let turns = 0;
  let isMaking = true;
  const turn = (): void => {
    turns += 1;
    if (isMaking) setImmediate(turn);
  };
  setImmediate(turn);
  const page = await textOf(large);
  isMaking = false;
  assert.ok(page.split("\n").length > 5000 * 8);
  assert.ok(turns >= 3, `${turns} turns`);
});

test("of a service that nobody has come to there are its sums alone, and all zeros from the first one on", async () => {
  const [fresh] = unused(1);
  assert.ok(fresh !== undefined);
  const names = async (services: readonly ServiceFigures[]): Promise<Set<string>> => {
    const page = await textOf(metrics(false, { services: () => services, checks: () => [] }));
    const series = page.split("\n").filter((line) => line.includes('service="app-0:0"'));
    return new Set(series.map((line) => line.slice(0, line.indexOf("{"))));
  };
  assert.deepEqual(
    await names([fresh]),
    new Set([
      "portolan_service_up",
      "portolan_service_connections_total",
      "portolan_service_connections_active",
      "portolan_service_connections_limit",
      "portolan_service_received_bytes_total",
      "portolan_service_sent_bytes_total",
      "portolan_service_replicas",
      "portolan_replica_up",
      "portolan_listener_up",
    ]),
  );
  fresh.cells[serviceColumns.accepted] = 1;
  const used = await names([fresh]);
  for (const name of [
    "portolan_connections_closed_total",
    "portolan_service_connections_rejected_total",
    "portolan_replica_redispatches_total",
    "portolan_replica_connect_duration_seconds_bucket",
  ])
    assert.ok(used.has(name), name);
});

test("at ten thousand services of five replicas no series is left out", async () => {
  const [sample] = figures().replicas;
  assert.ok(sample !== undefined);
  const replicas = Array.from({ length: 5 }, (_, index) => {
    return { ...sample, replica: `10.0.0.${index}:80` };
  });
  const services = (): ServiceFigures[] =>
    Array.from(unused(10_000), (service) => ({ ...service, replicas }));
  const transitions = (): TransitionFigures[] =>
    services().map(({ service, protocol }) => ({ service, protocol, up: 0, down: 0 }));
  const checks = (): CheckFigures[] =>
    services().map(({ service }) => {
      return { service, kind: "http", good: 1, bad: 0, late: 0, void: 0 };
    });
  const page = await textOf(metrics(false, { services, transitions, checks }));
  assert.match(page, /^portolan_metrics_series_dropped_total 0$/m);
});

test("replicas are exported in full only when asked for", async () => {
  const body = await textOf(metrics(false));
  for (const name of Object.keys(replicaDetailMetrics)) assert.ok(!body.includes(name), name);
  assert.ok(body.includes("portolan_replica_up{"));
});
