import assert from "node:assert/strict";
import { test } from "node:test";
import { Canary } from "../support/canary.ts";
import { emptyLoad, EngineFixture, toRoute } from "../support/engine-fixture.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { assertBalanced, Baseline } from "../support/invariants.ts";
import { noIPv6 } from "../support/no-ipv6.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";
import { vanishedClients } from "../support/vanished-clients.ts";

async function greeted(port: number, greeting = "r\n"): Promise<TcpClient> {
  const client = await TcpClient.open(port);
  await eventually(() => client.text === greeting);
  return client;
}

test("a replica never gets more than its limit; the rest wait in order and come in as places free up (R08)", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port], { replicaLimit: 10, queueTimeoutMs: 60_000 });
  await using _ = await Baseline.take();
  await using canary = await Canary.start(proxy);
  const clients: TcpClient[] = [];
  for (let index = 0; index < 30; index += 1) clients.push(await TcpClient.open(port));
  await eventually(() => clients.filter(({ text }) => text === "r\n").length === 10);
  assert.equal(proxy.load(1), 10);
  for (let served = 10; served < 30; served += 1) {
    const [oldest] = clients.slice(served - 10);
    oldest?.socket.end();
    await eventually(() => clients[served]?.text === "r\n", {
      what: `client ${served}, first come, first served`,
    });
    assert.ok(proxy.load(1) <= 10);
    assert.ok(clients.slice(served + 1).every(({ text }) => text === ""));
  }
  for (const client of clients) await client[Symbol.asyncDispose]();
  await canary.assertWell();
  await assertBalanced(proxy);
});

test("whoever waits too long is reset, and so is everyone beyond the line", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port], { replicaLimit: 1, queueTimeoutMs: 100 });
  await using holder = await greeted(port);
  await using late = await TcpClient.open(port);
  await eventually(() => late.closed);
  assert.equal(late.error?.code, "ECONNRESET");
  assert.equal(holder.closed, false);
  await eventually(() => proxy.closed["queue-timeout"] === 1);
});

test("the line is bounded: who finds it full is reset at once, and counted", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port], { replicaLimit: 1, queueTimeoutMs: 60_000 });
  await using stack = new AsyncDisposableStack();
  const mostWaiting = 1024;
  const clients: TcpClient[] = [];
  while (clients.length < 1 + mostWaiting + 3) {
    clients.push(stack.use(new TcpClient(port)));
    // No more at once than the shortest queue of a kernel holds.
    if (clients.length % 100 === 0) await eventually(() => proxy.accepted === clients.length);
  }
  await eventually(() => proxy.accepted === clients.length);
  await eventually(() => clients.filter(({ closed }) => closed).length === 3);
  for (const { error } of clients.filter(({ closed }) => closed)) {
    assert.equal(error?.code, "ECONNRESET");
  }
  assert.deepEqual(proxy.closed, { "queue-full": 3 });
  assert.equal(proxy.count("waiting"), mostWaiting);
});

test("who waits in one engine gets every second place that another one gives back, whatever crowd is there", async () => {
  await using replica = await TcpReplica.start(named("r"));
  const load = emptyLoad();
  await using crowded = new EngineFixture({ load });
  await using other = new EngineFixture({ load, bindHosts: ["127.0.0.2"] });
  const port = await freePort();
  const policy = { replicaLimit: 1, queueTimeoutMs: 60_000 };
  for (const proxy of [crowded, other]) await proxy.serve(port, [replica.port], policy);
  await using stack = new AsyncDisposableStack();
  const crowd: TcpClient[] = [];
  const come = async (host?: string): Promise<TcpClient> =>
    stack.use(await TcpClient.open(port, host));
  for (let count = 0; count < 12; count += 1) crowd.push(await come());
  await eventually(() => crowd[0]?.text === "r\n" && crowded.active === 12);
  const waiters = [await come("127.0.0.2"), await come("127.0.0.2")];
  await eventually(() => other.active === 2);
  let served = 0;
  while (waiters.some(({ text }) => text === "")) {
    const present = [...crowd, ...waiters].find(({ text, closed }) => text !== "" && !closed);
    if (present !== undefined) {
      served += 1;
      assert.ok(served <= 6, `${served} were served before`);
      present.socket.end();
      await eventually(() => present.closed);
      // And whoever leaves comes again.
      crowd.push(await come());
    }
    await eventually(() =>
      [...crowd, ...waiters].some(({ text, closed }) => text !== "" && !closed),
    );
  }
  assert.equal(load.waiting[1], crowded.active + other.active - 1);
});

test("a limit that a label lifts lets those who wait in at once", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port], { replicaLimit: 1, queueTimeoutMs: 60_000 });
  await using one = await greeted(port);
  await using two = await TcpClient.open(port);
  await eventually(() => proxy.active === 2);
  await proxy.serve(port, [replica.port], { replicaLimit: 0 });
  await eventually(() => two.text === "r\n");
  assert.equal(one.closed, false);
});

test("with the process full, clients are reset and counted, and served again when there is room", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using proxy = new EngineFixture({ processLimit: 2 });
  const [port, other] = [await freePort(), await freePort()];
  await proxy.serve(port, [replica.port]);
  await proxy.engine.apply([{ kind: "set", route: { ...toRoute(other, [replica.port]), row: 2 } }]);
  await using one = await greeted(port);
  await using two = await greeted(other);
  await using three = new TcpClient(port);
  await eventually(() => three.closed);
  assert.equal(three.error?.code, "ECONNRESET");
  assert.deepEqual(proxy.closed, { "connection-limit": 1 });
  one.socket.end();
  await eventually(() => one.closed);
  await using four = await greeted(port);
  assert.equal(four.closed || two.closed, false);
});

test("clients outside the allowed networks, or inside the denied ones, are reset", async () => {
  await using replica = await TcpReplica.start(named("r"));
  const rows = [
    { policy: { allow: ["127.0.0.0/8"] }, served: true },
    { policy: { allow: ["10.0.0.0/8", "127.0.0.1"] }, served: true },
    { policy: { allow: ["10.0.0.0/8", "2001:db8::/32"] }, served: false },
    { policy: { deny: ["127.0.0.1"] }, served: false },
    { policy: { allow: ["127.0.0.0/8"], deny: ["127.0.0.0/30"] }, served: false },
    { policy: { deny: ["192.168.0.0/16"] }, served: true },
  ];
  for (const { policy, served } of rows) {
    await using proxy = new EngineFixture();
    const port = await freePort();
    await proxy.serve(port, [replica.port], policy);
    await using client = new TcpClient(port);
    await eventually(() => client.closed || client.text === "r\n");
    assert.equal(client.closed, !served, JSON.stringify(policy));
    if (!served) assert.deepEqual(proxy.closed, { denied: 1 });
  }
});

test("a client that resets at once does not slip past a list: what it said reaches nobody", async () => {
  for (const mode of ["tcp", "http"] as const) {
    await using replica = await TcpReplica.start(named("r"));
    await using proxy = new EngineFixture();
    const port = await freePort();
    const route = { ...toRoute(port, [replica.port], { deny: ["127.0.0.0/8"] }), mode };
    await proxy.engine.apply([{ kind: "set", route }]);
    vanishedClients(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await eventually(() => proxy.accepted === 20 && proxy.active === 0);
    assert.equal(replica.sockets.length, 0, mode);
    assert.deepEqual(proxy.closed, { "client-gone": 20 }, mode);
  }
});

test("lists hold for IPv6 clients as well", { skip: noIPv6() }, async () => {
  await using replica = await TcpReplica.start(named("r"));
  const rows = [
    { policy: { allow: ["::1"] }, served: true },
    { policy: { allow: ["127.0.0.0/8"] }, served: false },
    { policy: { deny: ["::/64"] }, served: false },
    { policy: { deny: ["127.0.0.0/8"] }, served: true },
  ];
  for (const { policy, served } of rows) {
    await using proxy = new EngineFixture({ bindHosts: ["::1"] });
    const port = await freePort();
    await proxy.serve(port, [replica.port], policy);
    await using client = new TcpClient(port, "::1");
    await eventually(() => client.closed || client.text === "r\n");
    assert.equal(client.error?.code, served ? undefined : "ECONNRESET", JSON.stringify(policy));
    if (!served) assert.deepEqual(proxy.closed, { denied: 1 });
  }
});
