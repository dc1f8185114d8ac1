import assert from "node:assert/strict";
import { once } from "node:events";
import { Resolver } from "node:dns/promises";
import { request } from "node:http";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

/** For stories that compare a list of apps with what is published. */
const canary = "none: all apps there are, and their files, are compared";

test("files, DNS and the service API tell of healthy replicas, and of no app that is gone", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using marathon = await startMarathon();
  using folder = new TemporaryFolder();
  const [port, dnsPort, apiPort] = [await freePort(), await freePort(), await freePort()];
  marathon.putApp(app("/shop/web", port));
  place(marathon, "/shop/web", replica.port);
  const sick = place(marathon, "/shop/web", await freePort());
  marathon.setHealth(sick, false);
  const mark = folder.file("hook-ran");
  await using proxy = await RunningProxy.start(
    [
      `--marathon=${marathon.urls[0] ?? ""}`,
      "--enable-dns",
      `--dns-port=${dnsPort}`,
      `--run-state-dir=${folder.file("state")}`,
      `--api-port=${apiPort}`,
      `--upstream-hook=touch ${mark}`,
    ],
    {},
    { canary },
  );
  await proxy.ready();
  const file = folder.file(`state/confd/shop.web-0-${port}.instances`);
  await eventually(() => existsSync(file) && existsSync(mark));
  assert.equal(
    readFileSync(file, "utf8"),
    [
      `Service-Name: shop.web-0-${port}\r\n`,
      `Service-Port: ${port}\r\n`,
      "Service-Transport-Proto: tcp\r\n",
      "Service-Application-Proto: tcp\r\n",
      "Health-Check-Proto: tcp\r\n\r\n",
      `127.0.0.1:${replica.port}\n`,
    ].join(""),
  );

  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${dnsPort}`]);
  assert.deepEqual(await resolver.resolve4("web.shop.mmsd"), ["127.0.0.1"]);
  const [record] = await resolver.resolveSrv("web.shop.mmsd");
  assert.equal(record?.port, replica.port);
  const page = await proxy.text("/metrics");
  assert.match(page, /^portolan_instance_files 1$/m);
  assert.match(page, /^portolan_instance_files_failures_total 0$/m);
  assert.match(page, /^portolan_dns_answers_total\{code="noerror"\} [1-9]\d*$/m);
  const api = async (path: string): Promise<string> =>
    await (await fetch(`http://127.0.0.1:${apiPort}${path}`)).text();
  for (const ask of [api, (path: string) => proxy.text(path)]) {
    assert.equal(await ask("/v1/apps"), "/shop/web\n");
    assert.equal(await ask("/v1/service_ports/shop/web"), `${port}\n`);
    assert.equal(await ask("/v1/instances/shop/web?healthy=1"), `127.0.0.1:${replica.port}\n`);
  }

  marathon.putApp(app("/evil", dnsPort));
  await eventually(async () =>
    (await proxy.text("/api/problems")).includes("it is our DNS server"),
  );
  // Only its port is refused, not the app.
  await eventually(() => existsSync(folder.file(`state/confd/evil-0-${dnsPort}.instances`)));
  for (const id of ["/evil", "/shop/web"]) marathon.deleteApp(id);
  await eventually(() =>
    readdirSync(folder.file("state/confd")).every((one) => !one.endsWith(".instances")),
  );
  await assert.rejects(resolver.resolve4("web.shop.mmsd"), /ENOTFOUND/);
});

test("an app whose id begins with no slash has a file, a name, an API and an explanation as others do", async () => {
  using folder = new TemporaryFolder();
  const port = await freePort();
  const services = [{ app: "web", port, replicas: ["127.0.0.1:9"] }];
  folder.replace("services.json", JSON.stringify({ services }));
  await using proxy = await RunningProxy.start(
    [
      `--file=${folder.file("services.json")}`,
      "--no-enable-health-checks",
      `--upstream-confd=${folder.file("confd")}`,
    ],
    {},
    { canary },
  );
  await proxy.ready();
  const file = folder.file("confd/web.instances");
  await eventually(() => existsSync(file));
  assert.match(readFileSync(file, "utf8"), /\n127\.0\.0\.1:9\n$/);
  assert.equal(await proxy.text("/v1/apps"), "web\n");
  assert.equal(await proxy.text("/v1/instances/web"), "127.0.0.1:9\n");
  assert.equal(await proxy.text("/v1/service_ports/web"), `${port}\n`);
  assert.match(await proxy.text("/api/explain/web"), /"app": "web"/);
  assert.deepEqual(await (await proxy.get("/api/problems")).json(), []);
});

test("a container with an address of its own is told of by that, on every way", async () => {
  await using marathon = await startMarathon();
  using folder = new TemporaryFolder();
  const [port, dnsPort] = [await freePort(), await freePort()];
  marathon.putApp({
    ...app("/net/web", port),
    portDefinitions: undefined,
    networks: [{ mode: "container", name: "overlay" }],
    container: { type: "MESOS", portMappings: [{ containerPort: 8080, servicePort: port }] },
    healthChecks: [],
  });
  marathon.addTask("/net/web", { host: "localhost", ports: [], ipAddresses: ["10.32.0.5"] });
  await using proxy = await RunningProxy.start([
    `--marathon=${marathon.urls[0] ?? ""}`,
    "--no-enable-health-checks",
    "--enable-dns",
    `--dns-port=${dnsPort}`,
    `--upstream-confd=${folder.file("confd")}`,
  ]);
  await proxy.ready();
  const file = folder.file("confd/net.web.instances");
  await eventually(() => existsSync(file));
  assert.match(readFileSync(file, "utf8"), /\n10\.32\.0\.5:8080\n$/);
  assert.equal(await proxy.text("/v1/instances/net/web?noresolve=1"), "10.32.0.5:8080\n");
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${dnsPort}`]);
  const [record] = await resolver.resolveSrv("web.net.mmsd");
  assert.deepEqual([record?.name, record?.port], ["10-32-0-5.addr.mmsd", 8080]);
  assert.deepEqual(await resolver.resolve4("10-32-0-5.addr.mmsd"), ["10.32.0.5"]);
});

test("apps that share a port, or did not get it, are each told of with their own replicas", async () => {
  await using marathon = await startMarathon();
  using folder = new TemporaryFolder();
  const [port, dnsPort] = [await freePort(), await freePort()];
  const labels = { "com.meltwater.proxymatic.port.0.servicePort": String(port) };
  const apps = ["/shop/web", "/shop/web-canary", "/other/web"] as const;
  for (const [index, id] of apps.entries()) {
    marathon.putApp({ ...app(id, port), ...(index === 1 ? { labels } : {}) });
    place(marathon, id, 7001 + index);
  }
  await using proxy = await RunningProxy.start(
    [
      `--marathon=${marathon.urls[0] ?? ""}`,
      "--no-enable-health-checks",
      "--enable-dns",
      `--dns-port=${dnsPort}`,
      `--upstream-confd=${folder.file("confd")}`,
      "--upstream-names=mmsd",
    ],
    {},
    { canary },
  );
  await proxy.ready();
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${dnsPort}`]);
  assert.equal(await proxy.text("/v1/apps"), `${apps.toSorted().join("\n")}\n`);
  assert.match(await proxy.text("/api/problems"), /already served for/);
  for (const [index, id] of apps.entries()) {
    const name = id.slice(1).replaceAll("/", ".");
    const file = folder.file(`confd/${name}-0-${port}.instances`);
    const line = `127.0.0.1:${7001 + index}\n`;
    await eventually(() => existsSync(file));
    assert.equal(readFileSync(file, "utf8").split("\r\n\r\n")[1], line);
    assert.equal(await proxy.text(`/v1/instances${id}`), line);
    assert.equal(await proxy.text(`/v1/service_ports${id}`), `${port}\n`);
    const [record] = await resolver.resolveSrv(`${name.split(".").toReversed().join(".")}.mmsd`);
    assert.equal(record?.port, 7001 + index);
  }
});

/** The status of a page on a port of this host, asked for under another name. */
async function asked(port: number, headers: Readonly<Record<string, string>>): Promise<number> {
  const asking = request({
    host: "127.0.0.1",
    port,
    path: "/v1/apps",
    headers,
    agent: false,
  }).end();
  const [answer] = await once(asking, "response");
  answer.resume();
  return answer.statusCode;
}

test("the port of the service API answers scripts under any name, and browsers under this host's (A02)", async () => {
  using folder = new TemporaryFolder();
  folder.replace("services.json", JSON.stringify({ services: [] }));
  const port = await freePort();
  await using proxy = await RunningProxy.start([
    `--file=${folder.file("services.json")}`,
    `--api-port=${port}`,
    "--host-name=Agent-1.example",
  ]);
  await proxy.ready();
  const browser = { "user-agent": "Mozilla/5.0" };
  for (const at of [port, proxy.statusPort]) {
    assert.equal(await asked(at, { host: `other.example:${at}` }), 200);
    assert.equal(await asked(at, { host: `agent-1.example:${at}`, ...browser }), 200);
    assert.equal(await asked(at, { host: `other.example:${at}`, ...browser }), 421);
  }
});

test("files name what a service speaks as mmsd does: by label, else by its check", async () => {
  await using marathon = await startMarathon();
  using folder = new TemporaryFolder();
  const http = [{ protocol: "HTTP", path: "/ping", portIndex: 0 }];
  const rows: readonly [id: string, over: Record<string, unknown>, want: string][] = [
    ["redis", { labels: { proto: "redis" } }, "redis"],
    ["site", { healthChecks: http }, "http"],
    ["bytes", { labels: { proto: "tcp" }, healthChecks: http }, "tcp"],
    ["plain", { healthChecks: [] }, "tcp"],
  ];
  for (const [id, over] of rows) marathon.putApp({ ...app(`/${id}`, await freePort()), ...over });
  await using proxy = await RunningProxy.start([
    `--marathon=${marathon.urls[0] ?? ""}`,
    `--upstream-confd=${folder.path}`,
  ]);
  await proxy.ready();
  for (const [id, , want] of rows) {
    const file = folder.file(`${id}.instances`);
    await eventually(() => existsSync(file));
    const [, said] =
      /\r\nService-Application-Proto: (.*)\r\n/.exec(readFileSync(file, "utf8")) ?? [];
    assert.equal(said, want, id);
  }
});

test("while Marathon is down the service API goes on answering from memory, on both ports", async () => {
  await using marathon = await startMarathon();
  const [port, apiPort] = [await freePort(), await freePort()];
  marathon.putApp(app("/shop/web", port));
  place(marathon, "/shop/web", 7001);
  await using proxy = await RunningProxy.start(
    [`--marathon=${marathon.urls[0] ?? ""}`, "--no-enable-health-checks", `--api-port=${apiPort}`],
    {},
    { canary },
  );
  await proxy.ready();
  const questions = ["/v1/apps", "/v1/instances/shop/web", "/v1/service_ports/shop/web"];
  const ask = async (): Promise<string[]> => {
    const direct = questions.map(async (path) => {
      const answer = await fetch(`http://127.0.0.1:${apiPort}${path}`);
      return answer.ok ? await answer.text() : `${answer.status}`;
    });
    return await Promise.all([...direct, ...questions.map((path) => proxy.text(path))]);
  };
  const lines = ["/shop/web\n", "127.0.0.1:7001\n", `${port}\n`];
  assert.deepEqual(await ask(), [...lines, ...lines]);
  await marathon.stopMember(0);
  await eventually(async () => /"lastError": "/.test(await proxy.text("/api/sources")));
  assert.deepEqual(await ask(), [...lines, ...lines]);
});
