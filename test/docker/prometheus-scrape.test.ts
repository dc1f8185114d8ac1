import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { catalogue, gatewayMetrics, memoryMetrics } from "../../src/observe/catalogue.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { ask as askHttp, getOnce } from "../support/http-exchange.ts";
import { RecordingReplica } from "../support/http-replica.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { readSamples, type MetricSample } from "../support/samples.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";
import { freePortOfBoth, UdpClient } from "../support/udp-client.ts";
import { namedDatagram, UdpReplica } from "../support/udp-replica.ts";
import { at, document, listAt } from "./documents.ts";
import { Prometheus, prometheusMissing } from "./prometheus-server.ts";

/** One portolan with a service of each kind, and replicas that are really there. */
interface Cluster {
  readonly proxy: RunningProxy;
  readonly ports: { readonly echo: number; readonly site: number; readonly game: number };
  /** The only replica of `/echo`. */
  readonly echo: TcpReplica;
}

async function startCluster(stack: AsyncDisposableStack): Promise<Cluster> {
  const echo = stack.use(await TcpReplica.start(named("echo")));
  const site = stack.use(await RecordingReplica.start());
  const game = stack.use(await UdpReplica.start(namedDatagram("game")));
  const marathon = stack.use(await startMarathon());
  const ports = { echo: await freePort(), site: await freePort(), game: await freePortOfBoth() };
  // Without a check of its own in Marathon, so that the quick one of the flags is asked.
  marathon.putApp({ ...app("/echo", ports.echo), healthChecks: [] });
  marathon.putApp({ ...app("/site", ports.site), labels: { "portolan.0.mode": "http" } });
  const udp = [{ port: ports.game, protocol: "udp", labels: {} }];
  marathon.putApp({ ...app("/game", ports.game), portDefinitions: udp, healthChecks: [] });
  place(marathon, "/echo", echo.port);
  place(marathon, "/site", site.port);
  place(marathon, "/game", game.port);
  const flags = ["--marathon", marathon.urls.join(), "--metrics-detail", "replica"];
  const quick = ["--check-interval", "200ms", "--check-fast-interval", "100ms"];
  const files = ["--upstream-confd", stack.use(new TemporaryFolder()).path];
  const names = ["--enable-dns", "--dns-port", String(await freePortOfBoth())];
  const args = [...flags, ...quick, ...files, ...names];
  const canary = "none: its figures would move between a scrape and a look";
  const proxy = stack.use(await RunningProxy.start(args, {}, { canary }));
  await proxy.ready();
  for (const port of Object.values(ports)) {
    await proxy.service(port, ({ listening, replicas }) =>
      [listening.length === 1, replicas[0]?.state === "up"].every(Boolean),
    );
  }
  return { proxy, ports, echo };
}

/** Some clients of each service, all of them served and gone afterwards. */
async function visit({ ports }: Cluster): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    await using client = await TcpClient.open(ports.echo);
    client.socket.end("ahoy");
    await eventually(() => client.text === "echo\nahoy" && client.ended);
    await using page = await askHttp(ports.site, getOnce());
    assert.match(page.text, /^HTTP\/1\.1 200 OK/);
    await using player = await UdpClient.open(ports.game);
    assert.equal(String(await player.ask("?")), "game");
  }
}

/** What moves by itself: time, probes, the event stream and whatever a scrape causes. */
const moving = /^(?:process_|nodejs_)|_(?:checks?|discovery|worker_event_loop|log|memory)_/;

/** What a sample and a series are both known by. */
function identity(name: string, labels: Readonly<Record<string, string>>): string {
  const { __name__: _name, instance: _instance, job: _job, ...own } = labels;
  return name + JSON.stringify(Object.entries(own).toSorted());
}

/** The samples that Prometheus has otherwise than the page, or not at all. */
async function differences(
  prometheus: Prometheus,
  samples: readonly MetricSample[],
): Promise<string[]> {
  const scraped = new Map(
    (await prometheus.query('{job="portolan", __name__=~"portolan_.*"}')).map(
      ({ labels, value }) => [identity(labels["__name__"] ?? "", labels), value],
    ),
  );
  return samples
    .map(({ name, labels, value }) => ({ key: identity(name, labels), value }))
    .filter(({ key, value }) => scraped.get(key) !== value)
    .map(({ key, value }) => `${key} is ${value}, not ${scraped.get(key)}`);
}

function recordedNames(file: string): string[] {
  return listAt(document(`prometheus/${file}`), "groups")
    .flatMap((group) => listAt(group, "rules"))
    .map((rule) => String(at(rule, "record")));
}

suite("a real Prometheus", { skip: prometheusMissing, timeout: 110_000 }, () => {
  const stack = new AsyncDisposableStack();
  let cluster: Cluster;
  let prometheus: Prometheus;

  before(async () => {
    cluster = await startCluster(stack);
    const { host } = new URL((await cluster.proxy.get("/ping")).url);
    prometheus = stack.use(await Prometheus.start(host));
    // Before and after a scrape, so that there is something to rate.
    await visit(cluster);
    await eventually(async () => (await prometheus.query("up == 1")).length === 1, {
      what: "up == 1",
    });
    await visit(cluster);
  });

  after(() => stack.disposeAsync());

  test("has every family, with the values that portolan shows", async () => {
    let samples: MetricSample[] = [];
    const isSame = async (): Promise<boolean> => {
      const page = readSamples(await cluster.proxy.text("/metrics"));
      samples = page.filter(({ name }) => name.startsWith("portolan_") && !moving.test(name));
      return (await differences(prometheus, samples)).length === 0;
    };
    await eventually(isSame, { what: "the same figures" }).catch(async (error: unknown) => {
      throw new Error((await differences(prometheus, samples)).join("\n"), { cause: error });
    });
    const echo = { service: `echo:${cluster.ports.echo}`, protocol: "tcp" };
    const visits = await prometheus.query(
      `portolan_service_connections_total{service="${echo.service}"}`,
    );
    assert.deepEqual(
      visits.map(({ value }) => value),
      [10],
    );

    const names = new Set(
      (await prometheus.query('{job="portolan"}')).map(({ labels }) => labels["__name__"]),
    );
    const absent = Object.entries(catalogue)
      // No host names are served here, and memory may have no limit.
      .filter(([name]) => !(name in gatewayMetrics || name in memoryMetrics))
      .map(([name, { type }]) => (type === "histogram" ? `${name}_bucket` : name))
      .filter((name) => !names.has(name));
    // Only failures make series of them, and only questions.
    assert.deepEqual(absent, [
      "portolan_dns_answers_total",
      "portolan_problems",
      "portolan_listener_bind_errors_total",
    ]);
    assert.ok(names.has("process_open_fds"));
  });

  test("takes every sample of a page, and has nothing to complain of", async () => {
    assert.deepEqual(await prometheus.target(), { health: "up", error: "" });
    const page = readSamples(await cluster.proxy.text("/metrics"));
    const keys = page.map(({ name, labels }) => identity(name, labels));
    assert.equal(new Set(keys).size, keys.length, "each series is there once");
    const [scraped] = await prometheus.query(
      'scrape_samples_scraped{job="portolan"} == scrape_samples_post_metric_relabeling',
    );
    assert.ok((scraped?.value ?? 0) > 300, String(scraped?.value));
    const own = await prometheus.ownFigures();
    const counted = [...own].filter(([name]) =>
      /^prometheus_target_scrapes_(?:sample|exceeded|cache_flush)|^prometheus_rule_evaluation_failures/.test(
        name,
      ),
    );
    assert.ok(counted.length >= 5, String(counted.length));
    assert.deepEqual(
      counted.filter(([, value]) => value !== 0),
      [],
    );
    assert.deepEqual(prometheus.complaints, []);
  });

  test("makes series of every recording rule, HAProxy's names too", async () => {
    const wanted = new Set(["recording.yml", "haproxy-compat.rules.yml"].flatMap(recordedNames));
    assert.ok(wanted.size > 30);
    const without = async (): Promise<string[]> => {
      const answers = await Promise.all(
        [...wanted].map(async (name) => ((await prometheus.query(name)).length > 0 ? [] : [name])),
      );
      return answers.flat();
    };
    await eventually(async () => (await without()).length === 0, {
      withinMs: 20_000,
      what: "series of every rule",
    }).catch(async (error: unknown) => {
      throw new Error(`nothing by ${(await without()).join()}`, { cause: error });
    });
    assert.deepEqual(await prometheus.brokenRules(), []);
    const { echo } = cluster.ports;
    // Rules are evaluated on a beat of their own.
    const isRecorded = async (expression: string): Promise<boolean> =>
      (await prometheus.query(expression)).length === 1;
    for (const expression of [
      `haproxy_frontend_connections_total{proxy="echo:${echo}"} == 10`,
      `haproxy_server_status{proxy="echo:${echo}", server="127.0.0.1:${cluster.echo.port}", state="UP"} == 1`,
    ]) {
      await eventually(() => isRecorded(expression), { what: expression });
    }
  });

  test("fires when a replica dies, and is quiet again when it is back", async () => {
    const isQuiet = async (): Promise<boolean> => (await prometheus.firing()).length === 0;
    await eventually(isQuiet, { what: "no alert yet" });
    const { echo } = cluster;
    const { port } = echo;
    await echo[Symbol.asyncDispose]();
    await eventually(
      async () => (await prometheus.firing()).includes("PortolanServiceWithoutReplicas"),
      { withinMs: 20_000, what: "an alert" },
    );
    const [down] = await prometheus.query(`portolan_replica_up{replica="127.0.0.1:${port}"}`);
    assert.equal(down?.value, 0);
    await using _ = await TcpReplica.start(named("echo"), port);
    await eventually(isQuiet, { withinMs: 20_000, what: "no alert" });
  });
});
