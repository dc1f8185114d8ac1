import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import { test } from "node:test";
import type { ServicePolicy } from "../../src/model/policy.ts";
import { blackhole } from "../support/black-hole.ts";
import { EngineFixture, toRoute } from "../support/engine-fixture.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";

test("a replica that joins a running service gets little at first, and its share after the slow start", async () => {
  await using old = await TcpReplica.start(named("old"));
  await using young = await TcpReplica.start(named("young"));
  const visits = async (proxy: EngineFixture, policy: Partial<ServicePolicy>): Promise<number> => {
    const port = await freePort();
    await proxy.serve(port, [old.port], policy);
    await proxy.serve(port, [old.port, young.port], policy);
    const before = young.sockets.length;
    for (let count = 0; count < 20; count += 1) {
      await using client = new TcpClient(port);
      client.socket.end();
      await eventually(() => client.closed);
    }
    return young.sockets.length - before;
  };
  await using slow = new EngineFixture();
  assert.ok((await visits(slow, { balance: "roundrobin", slowStartMs: 3_600_000 })) <= 1);
  await using fast = new EngineFixture();
  assert.equal(await visits(fast, { balance: "roundrobin" }), 10);
  await using over = new EngineFixture();
  assert.ok((await visits(over, { balance: "roundrobin", slowStartMs: 1 })) >= 9);
});

test("a refused replica is passed over and nothing the client sent early is lost", async () => {
  await using good = await TcpReplica.start(named("good"));
  const dead = await freePort();
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [dead, good.port], { balance: "roundrobin" });
  for (let round = 0; round < 20; round += 1) {
    await using client = new TcpClient(port);
    client.socket.end(`early ${round}`);
    await eventually(() => client.closed);
    assert.equal(client.text, `good\nearly ${round}`);
    assert.equal(client.error, undefined);
  }
  assert.deepEqual(proxy.closed, { completed: 20 });
  // After three refusals in a row it is ejected and costs no more attempts.
  assert.equal(proxy.retries, 3);
  assert.deepEqual(proxy.reports.at(-1), {
    kind: "ejected",
    key: `tcp/${port}`,
    replica: `127.0.0.1:${dead}`,
    reason: "connections to it failed in a row, the last one by refused",
    forMs: 30_000,
  });
});

test("a client without any usable replica is reset at once", async () => {
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, []);
  await using client = new TcpClient(port);
  await eventually(() => client.closed);
  assert.equal(client.error?.code, "ECONNRESET");
  assert.deepEqual(proxy.closed, { "no-replica": 1 });
});

test("when every replica refuses, each is tried once and the client is reset", async () => {
  const dead = [await freePort(), await freePort(), await freePort()];
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, dead);
  await using client = new TcpClient(port);
  await eventually(() => client.closed);
  assert.equal(client.error?.code, "ECONNRESET");
  assert.equal(proxy.retries, 2);
  assert.deepEqual(proxy.closed, { "upstream-refused": 1 });
  assert.ok([1, 2, 3].every((row) => proxy.load(row) === 0));
});

test("a change of route leaves running connections and the listening socket alone", async () => {
  await using old = await TcpReplica.start(named("old"));
  await using next = await TcpReplica.start(named("next"));
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [old.port]);
  await using running = await TcpClient.open(port);
  await eventually(() => running.text === "old\n");

  await proxy.serve(port, [next.port]);
  await using fresh = await TcpClient.open(port);
  await eventually(() => fresh.text === "next\n");
  running.socket.write("still here");
  await eventually(() => running.text === "old\nstill here");
  assert.equal(proxy.reports.filter(({ kind }) => kind === "listening").length, 1);
  assert.equal(proxy.reports.filter(({ kind }) => kind === "closed").length, 0);
});

test("a removed service frees its port, keeps its connections, and can come back", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port]);
  await using running = await TcpClient.open(port);
  await eventually(() => running.text === "r\n");

  await proxy.engine.apply([{ kind: "remove", key: `tcp/${port}` }]);
  await using refused = new TcpClient(port);
  await eventually(() => refused.closed);
  assert.equal(refused.error?.code, "ECONNREFUSED");
  running.socket.write("more");
  await eventually(() => running.text === "r\nmore");

  // Removed and set in one breath: the new listener waits for the old one.
  await proxy.serve(port, [replica.port]);
  await proxy.engine.apply([
    { kind: "remove", key: `tcp/${port}` },
    { kind: "set", route: toRoute(port, [replica.port]) },
  ]);
  await using again = await TcpClient.open(port);
  await eventually(() => again.text === "r\n");
  assert.equal(proxy.reports.filter(({ kind }) => kind === "bind-failed").length, 0);
});

test("connections go to the replica with the fewest, and round robin takes turns", async () => {
  await using one = await TcpReplica.start(named("1"));
  await using two = await TcpReplica.start(named("2"));
  for (const balance of ["leastconn", "roundrobin"] as const) {
    await using proxy = new EngineFixture();
    const port = await freePort();
    await proxy.serve(port, [one.port, two.port], { balance });
    const clients: TcpClient[] = [];
    for (let index = 0; index < 10; index += 1) {
      const client = await TcpClient.open(port);
      await eventually(() => client.text.length > 0);
      clients.push(client);
    }
    assert.deepEqual([proxy.load(1), proxy.load(2)], [5, 5]);
    for (const client of clients) await client[Symbol.asyncDispose]();
    await eventually(() => proxy.active === 0);
    assert.deepEqual([proxy.load(1), proxy.load(2)], [0, 0]);
  }
});

test("more connections than a service may have are reset and counted", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port], { maxConnections: 2 });
  await using one = await TcpClient.open(port);
  await using two = await TcpClient.open(port);
  await eventually(() => one.text === "r\n" && two.text === "r\n");
  await using third = new TcpClient(port);
  await eventually(() => third.closed);
  assert.equal(third.error?.code, "ECONNRESET");
  assert.deepEqual(proxy.closed, { "connection-limit": 1 });
  assert.ok(proxy.balanced);
});

test("a port in use is reported, tried again, and served once it is free; others are served meanwhile", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using squatter = createServer().listen(0, "127.0.0.1");
  await once(squatter, "listening");
  const bound = squatter.address();
  assert.ok(bound !== null && typeof bound !== "string");
  await using proxy = new EngineFixture({ random: () => 0 });
  const other = await freePort();
  await proxy.engine.apply([
    { kind: "set", route: toRoute(bound.port, [replica.port]) },
    { kind: "set", route: { ...toRoute(other, [replica.port]), row: 2 } },
  ]);
  const failure = proxy.reports.find(({ kind }) => kind === "bind-failed");
  assert.equal(failure?.kind === "bind-failed" && failure.code, "EADDRINUSE");
  await using client = await TcpClient.open(other);
  await eventually(() => client.text === "r\n");
  squatter.close();
  await eventually(() =>
    proxy.reports.some(({ kind, key }) => kind === "listening" && key === `tcp/${bound.port}`),
  );
});

test("a replica that never answers costs one attempt's timeout, then another is taken", async () => {
  await using good = await TcpReplica.start(named("good"));
  await using dark = await blackhole();
  await using proxy = new EngineFixture({
    limits: { connectTimeoutMs: 150 },
  });
  const port = await freePort();
  await proxy.serve(port, [dark.port, good.port], { balance: "roundrobin" });
  for (let round = 0; round < 2; round += 1) {
    await using client = await TcpClient.open(port);
    await eventually(() => client.text === "good\n");
  }
  assert.equal(proxy.retries, 1);
});

test("stopping to accept keeps running connections; an abort resets them with its outcome", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port]);
  await using running = await TcpClient.open(port);
  await eventually(() => running.text === "r\n");
  await proxy.engine.stopAccepting();
  await using refused = new TcpClient(port);
  await eventually(() => refused.closed);
  assert.equal(refused.error?.code, "ECONNREFUSED");
  assert.equal(proxy.engine.connectionCount, 1);
  proxy.engine.abort("drained");
  await eventually(() => running.closed);
  assert.equal(running.error?.code, "ECONNRESET");
  await eventually(() => proxy.active === 0);
  assert.deepEqual(proxy.closed, { drained: 1 });
});
