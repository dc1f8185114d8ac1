import assert from "node:assert/strict";
import { createServer } from "node:http";
import { suite, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { isMissing, TemporaryDirectory } from "../support/real-server.ts";
import { RealRedis } from "../support/redis.ts";
import { ReplicaProcess } from "../support/replica-process.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

/** A check of Marathon's that makes our probes of its port quick. */
const quick = { portIndex: 0, intervalSeconds: 1, timeoutSeconds: 1, maxConsecutiveFailures: 2 };

/** What the first line of a connection to this port says; undefined when it was reset or closed without one. */
async function firstLine(port: number): Promise<string | undefined> {
  await using client = new TcpClient(port);
  await eventually(() => client.text.includes("\n") || client.closed);
  return client.text.includes("\n") ? client.text.slice(0, client.text.indexOf("\n")) : undefined;
}

/** What the replica behind this port answers to one HTTP request on a connection of its own. */
async function page(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
  return await answer.text();
}

suite("a Redis of two", { skip: isMissing("redis-server"), timeout: 60_000 }, () => {
  test("is followed by role: new connections go to the new master, those on the old one are cut (HC04)", async () => {
    using directory = new TemporaryDirectory();
    await using one = await RealRedis.start(directory);
    await using two = await RealRedis.start(directory, ["--replicaof", `127.0.0.1 ${one.port}`]);
    await using marathon = await startMarathon();
    const [masterPort, replicaPort] = [await freePort(), await freePort()];
    marathon.putApp({
      ...app("/demo/redis", masterPort),
      portDefinitions: [
        { port: masterPort, protocol: "tcp", labels: { proto: "redis-master" } },
        { port: replicaPort, protocol: "tcp", labels: { proto: "redis-slave" } },
      ],
    });
    for (const { port } of [one, two]) {
      marathon.addTask("/demo/redis", { host: "127.0.0.1", ports: [port, port], health: true });
    }
    await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""]);
    await proxy.ready();
    const upOn = async (port: number, want: number): Promise<void> => {
      await proxy.service(port, ({ replicas }) => {
        const up = replicas.filter(({ state }) => state === "up");
        return up.length === 1 && up[0]?.address === `127.0.0.1:${want}`;
      });
    };
    await upOn(masterPort, one.port);
    await upOn(replicaPort, two.port);

    await using writer = await TcpClient.open(masterPort);
    writer.socket.write("SET key one\r\n");
    await eventually(() => writer.text === "+OK\r\n");
    await two.tell("REPLICAOF NO ONE");
    await one.tell(`REPLICAOF 127.0.0.1 ${two.port}`);
    await eventually(() => writer.closed, { what: "the connection to the old master to be cut" });
    await upOn(masterPort, two.port);
    await upOn(replicaPort, one.port);
    await using next = await TcpClient.open(masterPort);
    next.socket.write("SET key two\r\nINFO replication\r\n");
    await eventually(() => /^\+OK\r\n[^]*role:master\r\n/.test(next.text));

    const explained = await proxy.text("/api/explain/demo/redis");
    assert.match(explained, /"reason": "probe role:slave/);
    assert.match(explained, /"kind": "label proto of port 0/);
  });
});

test("a stopped replica leaves by its HTTP check and comes back when it goes on (T18)", async () => {
  await using stopped = await ReplicaProcess.start("stopped", "http");
  await using other = await ReplicaProcess.start("other", "http");
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp({ ...app("/demo/web", port), healthChecks: [{ protocol: "HTTP", ...quick }] });
  place(marathon, "/demo/web", stopped.port);
  place(marathon, "/demo/web", other.port);
  await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""]);
  await proxy.ready();
  const has = (state: string): Promise<unknown> =>
    proxy.service(port, ({ replicas }) =>
      replicas.some((one) => one.address.endsWith(`:${stopped.port}`) && one.state === state),
    );
  await has("up");
  stopped.signal("SIGSTOP");
  const { replicas } = await proxy.service(port, (service) =>
    service.replicas.some(({ state }) => state === "down"),
  );
  assert.match(replicas.find(({ state }) => state === "down")?.reason ?? "", /^probe L7TOUT/);
  for (let times = 0; times < 20; times += 1) assert.equal(await page(port), "other");
  stopped.signal("SIGCONT");
  await has("up");
  await eventually(async () => (await page(port)) === "stopped");
});

test("an HTTP check decides by status, whatever Marathon still says", async () => {
  let status = 200;
  const server = createServer((_request, response) => {
    response.writeHead(status).end();
  });
  server.on("error", () => undefined);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp({
    ...app("/demo/web", port),
    healthChecks: [{ protocol: "HTTP", path: "/ping", ...quick }],
  });
  place(marathon, "/demo/web", address.port);
  const args = ["--marathon", marathon.urls[0] ?? "", "--check-fast-interval", "100ms"];
  await using proxy = await RunningProxy.start(args);
  await proxy.ready();
  const becomes = async (state: string): Promise<string> => {
    const { replicas } = await proxy.service(port, (one) => one.replicas[0]?.state === state);
    return replicas[0]?.reason ?? "";
  };
  await becomes("up");
  status = 503;
  assert.match(await becomes("down"), /^probe L7STS\/503/);
  assert.equal(await firstLine(port), undefined);
  status = 302;
  assert.match(await becomes("up"), /^probe L7OK\/302/);
});

test("--health marathon asks nobody, and the label of mmsd does the same for one app", async () => {
  await using mute = await TcpReplica.start(named("mute"));
  await using marathon = await startMarathon();
  const [left, probed] = [await freePort(), await freePort()];
  const labels = { "disable-haproxy-health-check": "true" };
  marathon.putApp({
    ...app("/demo/left", left),
    portDefinitions: [{ port: left, protocol: "tcp", labels }],
  });
  marathon.putApp(app("/demo/probed", probed));
  const nobody = await freePort();
  for (const id of ["/demo/left", "/demo/probed"]) place(marathon, id, nobody);
  const urls = ["--marathon", marathon.urls[0] ?? ""];
  {
    await using proxy = await RunningProxy.start(urls);
    await proxy.ready();
    const down = await proxy.service(probed, ({ replicas }) => replicas[0]?.state === "down");
    assert.match(down.replicas[0]?.reason ?? "", /^probe L4CON: refused/);
    const { replicas } = await proxy.service(left);
    assert.deepEqual([replicas[0]?.state, replicas[0]?.reason], ["up", "its check passes"]);
  }
  place(marathon, "/demo/probed", mute.port);
  await using proxy = await RunningProxy.start([...urls, "--health", "marathon"]);
  await proxy.ready();
  assert.equal(await firstLine(probed), "mute");
  const { replicas } = await proxy.service(probed);
  assert.deepEqual(
    replicas.map(({ state }) => state),
    ["up", "up"],
  );
});

test("where our probes look, forgotten results cost no replica and no connection (M08)", async () => {
  await using replica = await TcpReplica.start(named("one"));
  await using marathon = await startMarathon({ members: 2 });
  const port = await freePort();
  marathon.putApp(app("/demo/web", port));
  const task = place(marathon, "/demo/web", replica.port);
  const urls = marathon.urls.join(",");
  await using proxy = await RunningProxy.start(["--marathon", urls, "--refresh-interval", "1s"]);
  await proxy.ready();
  marathon.setHealth(task, null);
  const { replicas } = await proxy.service(port, (one) =>
    /^(?:probe|0 of 1)/.test(one.replicas[0]?.reason ?? ""),
  );
  assert.equal(replicas[0]?.state, "up");
  for (let times = 0; times < 20; times += 1) assert.equal(await firstLine(port), "one");
});

test("a restart forgets nothing that a new leader has forgotten", async () => {
  await using replica = await TcpReplica.start(named("one"));
  await using marathon = await startMarathon({ members: 2 });
  const port = await freePort();
  marathon.putApp(app("/demo/web", port));
  place(marathon, "/demo/web", replica.port);
  using folder = new TemporaryFolder();
  const args = ["--marathon", marathon.urls.join(","), "--health", "marathon"];
  const startKept = async (): Promise<RunningProxy> => {
    const proxy = await RunningProxy.start([...args, "--state-file", folder.file("state")]);
    return await proxy.ready();
  };
  const isRemembered = async (proxy: RunningProxy): Promise<void> => {
    await eventually(async () => !/"lastSync": null/.test(await proxy.text("/api/sources")));
    const { replicas } = await proxy.service(port, (one) =>
      one.replicas.some(({ reason }) => reason.startsWith("0 of 1")),
    );
    assert.equal(replicas[0]?.state, "up", replicas[0]?.reason ?? "");
  };
  {
    await using proxy = await startKept();
    await proxy.service(port, ({ replicas }) => replicas[0]?.state === "up");
    await marathon.electLeader(1);
    await isRemembered(proxy);
    proxy.signal("SIGTERM");
    assert.equal(await proxy.exit(), 0);
  }
  await using proxy = await startKept();
  await isRemembered(proxy);
  assert.equal(await firstLine(port), "one");
});

for (const health of ["marathon", "both"]) {
  test(`a replica that worked stays while a new leader does not count failures yet, with --health ${health}`, async () => {
    await using replica = await TcpReplica.start(named("one"));
    await using marathon = await startMarathon({ members: 2 });
    const port = await freePort();
    marathon.putApp(app("/demo/web", port));
    const task = place(marathon, "/demo/web", replica.port);
    const urls = marathon.urls.join(",");
    const args = ["--marathon", urls, "--refresh-interval", "1s", "--health", health];
    await using proxy = await RunningProxy.start(args);
    await proxy.ready();
    await proxy.service(port, ({ replicas }) => replicas[0]?.state === "up");
    await using client = await TcpClient.open(port);
    await marathon.electLeader(1);
    marathon.ignoreFailure(task);
    const looks = async (): Promise<number> =>
      (await proxy.metric("portolan_discovery_syncs_total", { result: "ok" })) ?? 0;
    const before = await looks();
    // The first one may have been asked for earlier.
    await eventually(async () => (await looks()) > before + 1, { withinMs: 20_000 });
    const { replicas } = await proxy.service(port);
    assert.equal(replicas[0]?.state, "up", replicas[0]?.reason ?? "");
    assert.equal(await firstLine(port), "one");
    assert.equal(client.closed, false);
  });
}

test("a connection that is reset midway has its replica probed at once", async () => {
  await using replica = await TcpReplica.start((socket) => {
    socket.write("hello\n");
    socket.once("data", () => socket.resetAndDestroy());
  });
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp({ ...app("/demo/web", port), healthChecks: [] });
  place(marathon, "/demo/web", replica.port);
  const args = ["--marathon", marathon.urls[0] ?? "", "--check-interval", "1h"];
  await using proxy = await RunningProxy.start(args);
  await proxy.ready();
  const probes = (): Promise<number | undefined> =>
    proxy.metric("portolan_checks_total", { result: "ok" });
  await eventually(async () => (await probes()) === 1);
  await using client = await TcpClient.open(port);
  await eventually(() => client.text === "hello\n");
  client.socket.write("go");
  await eventually(() => client.ended);
  client.socket.end();
  await eventually(() => client.closed);
  await eventually(async () => (await probes()) === 2);
  assert.match(await proxy.text("/api/explain/demo/web"), /it reset a connection that had begun/);
});

test("an explanation tells of connections that failed, also where nothing else would", async () => {
  await using marathon = await startMarathon();
  const [port, dead] = [await freePort(), await freePort()];
  marathon.putApp(app("/demo/lone", port));
  place(marathon, "/demo/lone", dead);
  const args = ["--marathon", marathon.urls[0] ?? "", "--health", "marathon"];
  await using proxy = await RunningProxy.start(args);
  await proxy.ready();
  const explained = (): Promise<string> => proxy.text("/api/explain/demo/lone");
  assert.match(await explained(), /"says": "ok",\s+"reason": "no failures in a row"/);
  await eventually(async () => {
    assert.equal(await firstLine(port), undefined);
    return /at least \d+ connections in a row failed, the last one by refused/.test(
      await explained(),
    );
  });
  await using _ = await TcpReplica.start(named("back"), dead);
  await eventually(async () => (await firstLine(port)) === "back");
  await eventually(async () => /"says": "ok"/.test(await explained()));
});

test("trouble on a connection has a replica probed at once, long before its time", async () => {
  const dying = await TcpReplica.start(named("dying"));
  await using alive = await TcpReplica.start(named("alive"));
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp({ ...app("/demo/web", port), healthChecks: [] });
  for (const one of [dying, alive]) place(marathon, "/demo/web", one.port);
  const args = ["--marathon", marathon.urls[0] ?? "", "--check-interval", "1h"];
  await using proxy = await RunningProxy.start(args);
  await proxy.ready();
  await eventually(
    async () => (await proxy.metric("portolan_checks_total", { result: "ok" })) === 2,
  );
  await dying[Symbol.asyncDispose]();
  const found = async (): Promise<boolean> => {
    assert.equal(await firstLine(port), "alive");
    const { replicas } = await proxy.service(port);
    return replicas.some(
      ({ state, reason }) => state === "down" && reason.startsWith("probe L4CON"),
    );
  };
  await eventually(found);
});
