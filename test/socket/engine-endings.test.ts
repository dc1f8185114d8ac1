import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { formatV1 } from "../../src/engine/proxy-protocol/format.ts";
import { blackhole } from "../support/black-hole.ts";
import { EngineFixture, toRoute } from "../support/engine-fixture.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { pour, untilStill } from "../support/pouring.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { echo, named, TcpReplica } from "../support/tcp-replica.ts";

const megabyte = 1024 * 1024;

test("a replica stops pouring when its client cancels, and is let go of within seconds", async () => {
  await using replica = await TcpReplica.start((socket) => {
    socket.once("data", () => pour(socket));
  });
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port]);
  await using client = await TcpClient.open(port);
  client.socket.write("go");
  await eventually(() => client.received.length > megabyte);
  client.socket.resetAndDestroy();
  await eventually(() => client.closed);
  const readBefore = proxy.sent;
  await eventually(() => proxy.active === 0);
  assert.deepEqual(proxy.closed, { "client-reset": 1 });
  assert.ok(proxy.sent - readBefore < 64 * megabyte, `${proxy.sent - readBefore} more bytes`);
  await eventually(() => replica.sockets[0]?.destroyed);
});

test("what is cut off does not look whole: bytes that still wait make the end a reset", async () => {
  await using replica = await TcpReplica.start(pour);
  await using proxy = new EngineFixture({ limits: { halfCloseMs: 300, writeStallMs: 600 } });
  const port = await freePort();
  await proxy.serve(port, [replica.port]);
  await using client = await TcpClient.open(port);
  client.socket.pause();
  await untilStill(() => proxy.sent);
  const [upstream] = replica.sockets;
  assert.ok(upstream !== undefined);
  upstream.end();
  await eventually(() => proxy.active === 0, { withinMs: 20_000 });
  client.socket.resume();
  await eventually(() => client.closed || client.ended);
  assert.ok(client.received.length < upstream.bytesWritten + upstream.writableLength);
  assert.equal(client.error?.code, "ECONNRESET");
});

test("bytes behind a PROXY header are not lost to a second attempt", async () => {
  let heard = 0;
  const bad = (socket: Socket): void => {
    socket.on("data", () => {
      heard += 1;
      socket.resetAndDestroy();
    });
  };
  await using one = await TcpReplica.start(bad);
  await using two = await TcpReplica.start(bad);
  await using proxy = new EngineFixture({ proxyTrusted: ["127.0.0.1"] });
  const port = await freePort();
  await proxy.serve(port, [one.port, two.port], { acceptProxy: true });
  await using client = await TcpClient.open(port);
  const ends = {
    source: { host: "192.0.2.1", port: 1 },
    destination: { host: "192.0.2.2", port: 2 },
  };
  client.socket.write(Buffer.concat([formatV1(ends), Buffer.from("pay once")]));
  await eventually(() => client.closed || client.ended);
  assert.equal(heard, 1);
  await eventually(() => proxy.active === 0);
});

test("a FIN right behind a PROXY header reaches the replica", async () => {
  let ended = 0;
  await using replica = await TcpReplica.start((socket) => {
    socket.on("end", () => {
      ended += 1;
      socket.end();
    });
    socket.resume();
  });
  await using proxy = new EngineFixture({ proxyTrusted: ["127.0.0.1"] });
  const port = await freePort();
  await proxy.serve(port, [replica.port], { acceptProxy: true });
  const ends = {
    source: { host: "192.0.2.1", port: 1 },
    destination: { host: "192.0.2.2", port: 2 },
  };
  for (let round = 0; round < 10; round += 1) {
    await using client = await TcpClient.open(port);
    client.socket.end(formatV1(ends));
    await eventually(() => client.closed);
  }
  assert.equal(ended, 10);
  await eventually(() => proxy.active === 0);
  assert.deepEqual(proxy.closed, { completed: 10 });
});

test("clients that the kernel has connected are served when their port is closed (L04)", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port]);
  const clients = Array.from({ length: 40 }, () => new TcpClient(port));
  // The thread looks away while the kernel completes all of them.
  const until = performance.now() + 50;
  while (performance.now() < until);
  await proxy.engine.stopAccepting();
  await eventually(() => clients.every(({ text, closed }) => text === "r\n" || closed));
  const refused = clients.filter(({ error }) => error?.code === "ECONNREFUSED").length;
  const served = clients.filter(({ text }) => text === "r\n").length;
  assert.equal(served + refused, 40, "none was reset");
  for (const client of clients) await client[Symbol.asyncDispose]();
});

test("what stops opens no port again, whatever it is told", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using proxy = new EngineFixture();
  const [port, other] = [await freePort(), await freePort()];
  await proxy.serve(port, [replica.port]);
  await proxy.engine.stopAccepting();
  await proxy.serve(port, [replica.port]);
  await proxy.serve(other, [replica.port]);
  for (const closed of [port, other]) {
    await using client = new TcpClient(closed);
    await eventually(() => client.closed);
    assert.equal(client.error?.code, "ECONNREFUSED");
  }
});

test("orders about one port are carried out in their order, also when they come at once", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using proxy = new EngineFixture();
  const port = await freePort();
  const set = { kind: "set", route: toRoute(port, [replica.port]) } as const;
  const remove = { kind: "remove", key: `tcp/${port}` } as const;
  await proxy.engine.apply([set]);
  await Promise.all([
    proxy.engine.apply([remove]),
    proxy.engine.apply([set]),
    proxy.engine.apply([remove]),
  ]);
  await using client = new TcpClient(port);
  await eventually(() => client.closed);
  assert.equal(client.error?.code, "ECONNREFUSED");
});

test("the time to drain begins once, however often the route changes meanwhile", async () => {
  await using replica = await TcpReplica.start(echo);
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port], { drainMs: 400 });
  await using client = await TcpClient.open(port);
  await eventually(() => proxy.load(1) === 1);
  for (let round = 0; !client.closed && round < 60; round += 1) {
    await proxy.serve(port, [], { drainMs: 400 });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal(client.closed, true);
  assert.equal(proxy.closed.drained, 1);
});

test("a client on its way to a replica that goes down is moved on, not cut", async () => {
  await using dark = await blackhole();
  await using good = await TcpReplica.start(named("good"));
  // No timeout of ours moves it on first.
  const patient = { connectTimeoutMs: 60_000, connectBudgetMs: 60_000 };
  await using proxy = new EngineFixture({ limits: patient });
  const port = await freePort();
  const route = toRoute(port, [dark.port, good.port], { closeOnDown: true, balance: "first" });
  const [first, second] = route.replicas;
  assert.ok(first && second);
  await proxy.engine.apply([{ kind: "set", route: { ...route, replicas: [first] } }]);
  await using client = await TcpClient.open(port);
  await eventually(() => proxy.load(1) === 1);
  const replicas = [{ ...first, state: "down" } as const, second];
  await proxy.engine.apply([{ kind: "set", route: { ...route, replicas } }]);
  await eventually(() => client.text === "good\n");
  assert.equal(proxy.load(1), 0);
});

test("clients that leave the line make room in it and cost the replica nothing", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port], { replicaLimit: 1, queueTimeoutMs: 60_000 });
  await using holder = await TcpClient.open(port);
  await eventually(() => holder.text === "r\n");
  const quitters = Array.from({ length: 50 }, () => new TcpClient(port));
  await eventually(() => proxy.active === 51);
  for (const quitter of quitters) quitter.socket.resetAndDestroy();
  await eventually(() => proxy.closed["client-gone"] === 50);
  await using patient = await TcpClient.open(port);
  patient.socket.write("said while waiting");
  await eventually(() => proxy.active === 2);
  holder.socket.end();
  await eventually(() => patient.text === "r\nsaid while waiting");
  assert.equal(replica.sockets.length, 2);
});
