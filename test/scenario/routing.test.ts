import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";

/** What the replica behind a service port says its name is; undefined when the connection failed. */
async function ask(port: number): Promise<string | undefined> {
  await using client = new TcpClient(port);
  await eventually(() => client.text.includes("\n") || client.closed);
  return client.text.includes("\n") ? client.text.trim() : undefined;
}

test("services come from Marathon, follow its events, and every state is explained", async () => {
  await using one = await TcpReplica.start(named("one"));
  await using two = await TcpReplica.start(named("two"));
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp(app("/shop/web", port));
  const first = place(marathon, "/shop/web", one.port);
  await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""]);
  await proxy.ready();
  assert.equal(await ask(port), "one");

  place(marathon, "/shop/web", two.port);
  const grown = await proxy.service(port, ({ replicas }) => replicas.length === 2);
  assert.deepEqual(
    grown.replicas.map(({ state }) => state),
    ["up", "up"],
  );
  assert.deepEqual(grown.listening, [`127.0.0.1:${port}`]);
  const sources = await proxy.text("/api/sources");
  for (const shown of [
    /"connected": true/,
    /"lastSync": "20/,
    /"ageSeconds": \d/,
    /"lastError": null/,
  ]) {
    assert.match(sources, shown);
  }

  marathon.setHealth(first, false);
  const hurt = await proxy.service(port, ({ replicas }) =>
    replicas.some(({ state }) => state === "down"),
  );
  assert.match(hurt.replicas.find(({ state }) => state === "down")?.reason ?? "", /check/);
  assert.equal(await ask(port), "two");

  marathon.deleteApp("/shop/web");
  await eventually(async () => (await proxy.table()).services.length === 0);
  // What arrives while the port is being closed is served still.
  await eventually(async () => {
    await using client = new TcpClient(port);
    await eventually(() => client.closed || client.text !== "");
    return client.error?.code === "ECONNREFUSED";
  });
});

test("a task that an event says is being killed leaves rotation before any fetch confirms it", async () => {
  await using one = await TcpReplica.start(named("one"));
  await using two = await TcpReplica.start(named("two"));
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp(app("/web", port));
  const first = place(marathon, "/web", one.port);
  place(marathon, "/web", two.port);
  await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""]);
  await proxy.ready();
  await using running = await TcpClient.open(port);
  await eventually(() => running.text.length > 0);
  // From now on every fetch hangs: only the event can tell.
  marathon.setFault({ kind: "hang" }, { path: /apps/ });
  marathon.setTask(first, { state: "TASK_KILLING" });
  const service = await proxy.service(port, ({ replicas }) =>
    replicas.some(({ state }) => state === "draining"),
  );
  assert.equal(service.replicas.length, 2);
  for (let round = 0; round < 5; round += 1) assert.equal(await ask(port), "two");
  marathon.setTask(first, { state: "TASK_KILLED" });
  if (running.text === "one\n") {
    // It stays in sight while it has a connection.
    const reason = /no longer listed; its connections may end/;
    await proxy.service(port, ({ replicas }) =>
      replicas.some((shown) => reason.test(shown.reason)),
    );
  }
  running.socket.write("still served");
  await eventually(() => running.text.endsWith("still served"));
  running.socket.end();
  await proxy.service(port, ({ replicas }) => replicas.length === 1);
});

test("a Marathon that is down at the start keeps us INITIALIZING, told once, until it answers", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp(app("/web", port));
  place(marathon, "/web", replica.port);
  await marathon.stopMember(0);
  await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""]);
  const status = await proxy.get("/status");
  assert.deepEqual([status.status, await status.text()], [503, "INITIALIZING\n"]);
  assert.equal(await proxy.text("/ping"), "pong\n");
  await eventually(
    async () =>
      ((await proxy.metric("portolan_discovery_syncs_total", { result: "failed" })) ?? 0) >= 3,
  );
  const complaints = proxy.log.filter(({ msg }) => String(msg).includes("cannot be read"));
  assert.equal(complaints.length, 1, "one line per change of state, not per attempt");
  await marathon.startMember(0);
  await proxy.ready();
  assert.equal(await ask(port), "r");
});

test("hostile answers change nothing, and the truth is taken when it comes back", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp(app("/web", port));
  place(marathon, "/web", replica.port);
  await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""]);
  await proxy.ready();
  const { version } = await proxy.table();
  const failures = async (): Promise<number> =>
    (await proxy.metric("portolan_discovery_syncs_total", { result: "failed" })) ?? 0;
  for (const fault of [
    { kind: "status", status: 503 },
    { kind: "empty" },
    { kind: "html" },
    { kind: "truncate", bytes: 100 },
    { kind: "truncate", bytes: 100, framed: true },
    { kind: "close-delimited" },
    { kind: "reset" },
    { kind: "status", status: 200, body: '{"apps":null}', contentType: "application/json" },
  ] as const) {
    const before = await failures();
    marathon.setFault(fault, { path: /apps/ });
    proxy.signal("SIGHUP");
    await eventually(async () => (await failures()) > before, { what: `failure by ${fault.kind}` });
    assert.equal((await proxy.table()).version, version);
    assert.equal(await ask(port), "r");
    marathon.setFault(undefined);
  }
});

test("an empty list with status 200 is held back (M06)", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp(app("/web", port));
  place(marathon, "/web", replica.port);
  await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""]);
  await proxy.ready();
  marathon.setFault(
    { kind: "status", status: 200, body: '{"apps":[]}', contentType: "application/json" },
    { path: /apps/ },
  );
  proxy.signal("SIGHUP");
  await eventually(async () => (await proxy.text("/api/problems")).includes("held-back"));
  assert.equal(await ask(port), "r");
});

test("a leader that forgot every health result changes nothing for replicas that worked", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using marathon = await startMarathon({ members: 2 });
  const port = await freePort();
  marathon.putApp(app("/web", port));
  place(marathon, "/web", replica.port);
  const args = ["--marathon", marathon.urls.join(","), "--health", "marathon"];
  await using proxy = await RunningProxy.start(args);
  await proxy.ready();
  await marathon.electLeader(1, { gapMs: 50 });
  const service = await proxy.service(port, ({ replicas }) =>
    /last known up/.test(replicas[0]?.reason ?? ""),
  );
  assert.equal(service.replicas[0]?.state, "up");
  assert.equal(await ask(port), "r");
});

test("bad ports and conflicts are reported with the app and the reason; everything else goes on (B03, B04)", async () => {
  await using replica = await TcpReplica.start(named("good"));
  await using marathon = await startMarathon();
  const [port, shared] = [await freePort(), await freePort()];
  marathon.putApp(app("/good", port));
  place(marathon, "/good", replica.port);
  marathon.putApp(app("/older", shared));
  marathon.putApp(app("/younger", shared));
  marathon.putApp(app("/zero", await freePort()));
  marathon.overrideApp("/zero", {
    portDefinitions: [
      { port: 0, protocol: "tcp" },
      { port: 70_000, protocol: "tcp" },
    ],
  });
  await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""]);
  await proxy.ready();
  assert.equal(await ask(port), "good");
  const problems = await proxy.text("/api/problems");
  assert.match(
    problems,
    /"subject": "\/younger",\s+"reason": "tcp\/\d+ is already served for \/older/,
  );
  assert.match(problems, /"subject": "\/zero"/);
  assert.match(problems, /70000/);
  assert.equal((await proxy.service(shared)).app, "/older");
  // The younger one gets the port when the older one gives it up.
  marathon.deleteApp("/older");
  await proxy.service(shared, (service) => service.app === "/younger");
});

test("a burst of events is one or two looks, and the last state wins (R06)", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp(app("/web", port));
  const task = place(marathon, "/web", replica.port);
  await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""]);
  await proxy.ready();
  await eventually(async () => (await proxy.metric("portolan_discovery_connected")) === 1);
  const { version } = await proxy.table();
  const looks = (): number =>
    marathon.requests.filter(({ path }) => path.includes("/v2/apps")).length;
  const before = looks();
  for (let round = 0; round < 50; round += 1) marathon.setHealth(task, round % 2 === 1);
  marathon.setHealth(task, false);
  await proxy.service(port, ({ replicas }) => replicas[0]?.state === "down");
  const after = await proxy.table();
  assert.ok(after.version - version <= 2, `${after.version - version} tables`);
  assert.ok(looks() - before <= 3, `${looks() - before} looks`);
});

test("an event that is wrong is outvoted by the list, and one that came twice changes nothing (R07)", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp(app("/web", port));
  const task = place(marathon, "/web", replica.port);
  await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""]);
  await proxy.ready();
  await eventually(async () => (await proxy.metric("portolan_discovery_connected")) === 1);
  const { version } = await proxy.table();
  const late = {
    taskId: task,
    appId: "/web",
    host: "127.0.0.1",
    ports: [replica.port],
    slaveId: "",
    message: "",
    version: "",
  };
  for (let round = 0; round < 2; round += 1) {
    marathon.emit({
      eventType: "status_update_event",
      timestamp: new Date().toISOString(),
      taskStatus: "TASK_RUNNING",
      ...late,
    });
  }
  marathon.emit({ eventType: "never_heard_of_event", timestamp: 5 });
  const looks = (): number =>
    marathon.requests.filter(({ path }) => path.includes("/v2/apps")).length;
  const before = looks();
  await eventually(() => looks() > before);
  assert.equal((await proxy.table()).version, version);
  assert.equal(await ask(port), "r");
});

test("a removed replica keeps 200 connections, counted as draining, until its drain time is over (R03)", async () => {
  await using one = await TcpReplica.start(named("one"));
  await using two = await TcpReplica.start(named("two"));
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp({ ...app("/web", port), labels: { "portolan.0.drain-timeout": "3s" } });
  const first = place(marathon, "/web", one.port);
  await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""]);
  await proxy.ready();
  const clients = await Promise.all(Array.from({ length: 200 }, () => TcpClient.open(port)));
  await eventually(() => clients.every(({ text }) => text === "one\n"));
  place(marathon, "/web", two.port);
  await proxy.service(port, ({ replicas }) => replicas.length === 2);
  marathon.setTask(first, { state: "TASK_KILLED" });
  const draining = await proxy.service(port, ({ replicas }) =>
    replicas.some(({ state }) => state === "draining"),
  );
  const left = draining.replicas.find(({ state }) => state === "draining");
  assert.equal(left?.connections, 200);
  assert.equal(await ask(port), "two");
  assert.ok(clients.every(({ closed }) => !closed));
  await eventually(() => clients.every(({ closed }) => closed), { what: "the drain time to end" });
  // A client may know of its end before the proxy has closed the other side, and counted it.
  const drained = { reason: "drained" };
  await eventually(
    async () => (await proxy.metric("portolan_connections_closed_total", drained)) === 200,
  );
  await proxy.service(port, ({ replicas }) => replicas.length === 1);
});

test("a removed service stays in sight with its connections, until the last of them ends (R03)", async () => {
  await using replica = await TcpReplica.start(named("one"));
  await using marathon = await startMarathon();
  const port = await freePort();
  for (const [id, own] of [["/web", port] as const, ["/other", await freePort()] as const]) {
    marathon.putApp(app(id, own));
    place(marathon, id, replica.port);
  }
  await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""]);
  await proxy.ready();
  const clients = await Promise.all([TcpClient.open(port), TcpClient.open(port)]);
  await eventually(() => clients.every(({ text }) => text === "one\n"));
  assert.equal((await proxy.table()).draining, undefined);
  marathon.deleteApp("/web");
  const draining = async (): Promise<number | undefined> => {
    const table = await proxy.table();
    return table.draining?.find(({ key }) => key === `tcp/${port}`)?.connections;
  };
  await eventually(async () => (await draining()) === 2, { withinMs: 20_000 });
  for (const client of clients) await client[Symbol.asyncDispose]();
  await eventually(async () => (await draining()) === undefined);
});

test("an app whose replica is our own listener is refused before a connection chases itself (T26)", async () => {
  await using marathon = await startMarathon();
  const [port, spelled] = [await freePort(), await freePort()];
  marathon.putApp(app("/loop", port));
  marathon.putApp(app("/spelled", spelled));
  place(marathon, "/loop", port);
  marathon.addTask("/spelled", { host: "0.0.0.0", ports: [spelled], health: true });
  await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""]);
  await proxy.ready();
  for (const own of [port, spelled]) {
    const { replicas } = await proxy.service(own);
    assert.deepEqual(
      replicas.map(({ state, reason }) => [state, reason]),
      [["down", "its address is our own listener"]],
    );
    assert.equal(await ask(own), undefined);
  }
  assert.equal(
    await proxy.metric("portolan_service_connections_total", { service: `loop:${port}` }),
    1,
  );
});

test("a host name whose replica is the gateway itself gets our own answer, not a loop (T26)", async () => {
  await using marathon = await startMarathon();
  const [port, gateway] = [await freePort(), await freePort()];
  const labels = { "portolan.0.http-hosts": "loop.test", "portolan.0.mode": "http" };
  marathon.putApp({ ...app("/loop", port), healthChecks: [], labels });
  marathon.addTask("/loop", { host: "127.0.0.1", ports: [gateway], health: true });
  const entrance = ["--gateway-bind", "0.0.0.0", "--gateway-port-http", `${gateway}`];
  const args = ["--marathon", marathon.urls[0] ?? "", "--enable-gateway", ...entrance];
  await using proxy = await RunningProxy.start([...args, "--health", "marathon"]);
  await proxy.ready();
  const { replicas } = await proxy.service(port);
  assert.deepEqual(
    replicas.map(({ reason }) => reason),
    ["its address is our own listener"],
  );
  await using client = await TcpClient.open(gateway);
  client.socket.write("GET / HTTP/1.1\r\nHost: loop.test\r\n\r\n");
  await eventually(() => client.ended);
  assert.match(client.text, /^HTTP\/1\.1 503 /);
});
