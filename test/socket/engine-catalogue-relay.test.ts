import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { Canary } from "../support/canary.ts";
import { EngineFixture } from "../support/engine-fixture.ts";
import { eventually } from "../support/eventually.ts";
import { FaultyLink } from "../support/faults/faulty-link.ts";
import { finThenReset } from "../support/faults/fin-then-reset.ts";
import { latency } from "../support/faults/latency.ts";
import { seeded } from "../support/faults/seeded.ts";
import { slicer } from "../support/faults/slicer.ts";
import { throttle } from "../support/faults/throttle.ts";
import { freePort } from "../support/free-port.ts";
import { assertBalanced, Baseline } from "../support/invariants.ts";
import { Peer } from "../support/peer.ts";
import { untilStill } from "../support/pouring.ts";
import { isMissing } from "../support/real-server.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { echo, TcpReplica } from "../support/tcp-replica.ts";

const megabyte = 1024 * 1024;

interface Handheld extends AsyncDisposable {
  readonly port: number;
  readonly arrived: Promise<Peer>;
}

/** A replica whose one connection is in the test's hand. */
async function handheld(): Promise<Handheld> {
  const { promise, resolve } = Promise.withResolvers<Peer>();
  const server = await TcpReplica.start((socket) => resolve(new Peer(socket)));
  const dispose = (): Promise<void> => server[Symbol.asyncDispose]();
  return { port: server.port, arrived: promise, [Symbol.asyncDispose]: dispose };
}

function digest(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Writes in pieces of random sizes, small ones as often as large ones, waiting for room. */
async function sayInPieces(socket: Socket, bytes: Buffer, random: () => number): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    const size = Math.ceil(2 ** (random() * 18));
    if (!socket.write(bytes.subarray(offset, offset + size))) await once(socket, "drain");
    offset += size;
  }
  socket.end();
}

test("two hundred connections at once come through both ways, byte for byte (T01)", async () => {
  const clients = 200;
  const size = 256 * 1024;
  const source = randomBytes(size + clients);
  await using replica = await TcpReplica.start(echo);
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port]);
  await using _ = await Baseline.take();
  await using canary = await Canary.start(proxy);

  const exchange = async (index: number): Promise<void> => {
    const sent = source.subarray(index, index + size);
    await using client = await TcpClient.open(port);
    await sayInPieces(client.socket, sent, seeded(index));
    await eventually(() => client.closed, { withinMs: 30_000 });
    assert.equal(digest(client.received), digest(sent), `connection ${index}`);
  };
  await Promise.all(Array.from({ length: clients }, (_none, index) => exchange(index)));

  await canary.assertWell();
  await assertBalanced(proxy);
  assert.deepEqual(proxy.closed, { completed: clients });
  assert.deepEqual([proxy.received, proxy.sent], [clients * size, clients * size]);
});

test("a client that asks and ends gets an answer that takes its time (T02)", async () => {
  await using server = await handheld();
  await using slow = await FaultyLink.start(server.port, { download: [latency(150)] });
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [slow.port]);
  await using _ = await Baseline.take();
  await using client = await Peer.connect(port);
  client.say(1000);
  client.socket.end();
  const replica = await server.arrived;
  await eventually(() => replica.saw === "end", { what: "the client's end, before the answer" });
  assert.equal(client.heard, 0);
  replica.say(200_000);
  replica.socket.end();
  await eventually(() => client.closed);
  assert.deepEqual([replica.heard, client.heard, client.garbled], [1000, 200_000, false]);
  await assertBalanced(proxy);
  assert.deepEqual(proxy.closed, { completed: 1 });
});

test("a replica that ends first gets everything the client goes on to say (T03)", async () => {
  await using server = await handheld();
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [server.port]);
  await using _ = await Baseline.take();
  await using client = await Peer.connect(port);
  const replica = await server.arrived;
  replica.socket.end();
  await eventually(() => client.saw === "end");
  client.say(megabyte);
  client.socket.end();
  await eventually(() => client.closed && replica.closed);
  assert.deepEqual([replica.heard, replica.garbled, replica.saw], [megabyte, false, "end"]);
  await assertBalanced(proxy);
  assert.deepEqual(proxy.closed, { completed: 1 });
  assert.deepEqual([proxy.received, proxy.sent], [megabyte, 0]);
});

for (const by of ["client", "replica"] as const) {
  const outcome = by === "client" ? "client-reset" : "upstream-reset";
  test(`a reset by an idle ${by} arrives as a reset on the other side (T04, T05)`, async () => {
    await using server = await handheld();
    await using proxy = new EngineFixture();
    const port = await freePort();
    await proxy.serve(port, [server.port]);
    await using _ = await Baseline.take();
    await using client = await Peer.connect(port);
    const replica = await server.arrived;
    client.say(100);
    replica.say(100);
    await eventually(() => client.heard === 100 && replica.heard === 100);
    // Idle: a second without a byte, counted from when the engine has seen the last one.
    const noted = performance.now();
    proxy.engine.check(noted);
    await eventually(() => performance.now() - noted > 1100);
    const [leaver, stayer] = by === "client" ? [client, replica] : [replica, client];
    leaver.socket.resetAndDestroy();
    await eventually(() => stayer.closed);
    assert.equal(stayer.saw, "reset");
    await assertBalanced(proxy);
    assert.deepEqual(proxy.closed, { [outcome]: 1 });
  });
}

test("a slow client gets all that was read from a replica that reset (T06)", async () => {
  await using server = await handheld();
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [server.port]);
  await using _ = await Baseline.take();
  await using canary = await Canary.start(proxy);
  await using slow = await FaultyLink.start(port, { download: [throttle(4 * megabyte)] });
  await using client = await Peer.connect(slow.port);
  const replica = await server.arrived;
  client.socket.once("end", () => client.socket.end());
  replica.say(2 * megabyte);
  await wait(60);
  replica.socket.resetAndDestroy();
  await eventually(() => client.closed, { what: "the end at the client" });
  await canary.assertWell();
  await assertBalanced(proxy);
  assert.ok(client.heard > 0 && !client.garbled);
  assert.equal(client.heard, proxy.sent);
  assert.deepEqual(proxy.closed, { "upstream-reset": 1 });
});

test("a client that ends, then resets, does not hold a silent replica for ever (T07)", async () => {
  await using server = await handheld();
  await using proxy = new EngineFixture({ limits: { halfCloseMs: 500 } });
  const port = await freePort();
  await proxy.serve(port, [server.port]);
  const leaving = finThenReset({ afterBytes: 10, afterMs: 200 });
  await using link = await FaultyLink.start(port, { upload: [leaving] });
  await using _ = await Baseline.take();
  await using client = await Peer.connect(link.port);
  client.say(10);
  const replica = await server.arrived;
  await eventually(() => replica.saw === "end");
  await eventually(() => proxy.active === 0, { what: "the end of the connection" });
  await assertBalanced(proxy);
  assert.equal(replica.heard, 10);
  // The reset makes no event at a side that has ended, so it is time that ends the connection.
  assert.deepEqual(proxy.closed, { "half-close-timeout": 1 });
  replica.socket.destroy();
});

test("a client that resets while its bytes cannot be delivered is let go in time (T08)", async () => {
  await using server = await handheld();
  await using proxy = new EngineFixture({ limits: { writeStallMs: 500 } });
  const port = await freePort();
  await proxy.serve(port, [server.port]);
  await using _ = await Baseline.take();
  await using canary = await Canary.start(proxy);
  await using client = await Peer.connect(port);
  const replica = await server.arrived;
  replica.socket.pause();
  client.pour();
  await untilStill(() => proxy.received);
  client.socket.resetAndDestroy();
  await eventually(() => proxy.active === 0, { what: "the end of the connection" });
  await canary.assertWell();
  await assertBalanced(proxy);
  assert.deepEqual(proxy.closed, { "write-stall": 1 });
  replica.socket.resume();
  await eventually(() => replica.saw !== undefined);
  assert.equal(replica.garbled, false);
  replica.socket.destroy();
});

test("bytes that come one by one arrive whole and cost little (T12)", async () => {
  const size = 2048;
  await using replica = await TcpReplica.start(echo);
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port]);
  const sliced = { upload: [slicer()], download: [slicer()] };
  await using straight = await FaultyLink.start(replica.port, sliced);
  await using link = await FaultyLink.start(port, sliced);
  await using _ = await Baseline.take();
  const exchange = async (by: FaultyLink): Promise<void> => {
    await using client = await Peer.connect(by.port);
    client.say(size);
    client.socket.end();
    await eventually(() => client.closed, { withinMs: 30_000 });
    assert.deepEqual([client.heard, client.garbled, client.saw], [size, false, "end"]);
  };
  const costOf = async (by: FaultyLink): Promise<number> => {
    const before = process.cpuUsage();
    await Promise.all([exchange(by), exchange(by), exchange(by), exchange(by)]);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const [direct, proxied] = [await costOf(straight), await costOf(link)];
  await assertBalanced(proxy);
  assert.deepEqual(proxy.closed, { completed: 4 });
  assert.deepEqual([proxy.received, proxy.sent], [4 * size, 4 * size]);
  // In both, clients, link and replica are included.
  assert.ok(proxied < 2 * direct, `${proxied} µs of CPU, ${direct} without us`);
});

test("a server that speaks first is heard by a client that says nothing (T21)", async () => {
  const banner = "220 mail ready\r\n";
  await using replica = await TcpReplica.start((socket) => {
    socket.write(banner);
    echo(socket);
  });
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port]);
  await using _ = await Baseline.take();
  for (let round = 0; round < 20; round += 1) {
    await using client = await TcpClient.open(port);
    await eventually(() => client.text === banner);
    client.socket.end();
    await eventually(() => client.closed);
    assert.equal(client.text, banner);
  }
  await assertBalanced(proxy);
  assert.deepEqual(proxy.closed, { completed: 20 });
  assert.deepEqual([proxy.received, proxy.sent], [0, 20 * banner.length]);
});

test("clients that connect and are gone at once leave nothing behind (T22)", async () => {
  const clients = 2000;
  await using replica = await TcpReplica.start(echo);
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port]);
  await using _ = await Baseline.take();
  await using canary = await Canary.start(proxy);
  const visit = async (index: number): Promise<void> => {
    await using client = await TcpClient.open(port);
    if (index % 3 === 0) client.socket.resetAndDestroy();
    if (index % 3 === 1) client.socket.end();
  };
  for (let index = 0; index < clients; index += 50) {
    await Promise.all(Array.from({ length: 50 }, (_none, step) => visit(index + step)));
  }
  await eventually(() => proxy.accepted === clients);
  await canary.assertWell();
  await assertBalanced(proxy);
  await eventually(() => replica.sockets.every((socket) => socket.destroyed));
  assert.ok(replica.sockets.length <= clients, `${replica.sockets.length} upstream connections`);
  const { completed = 0, "client-reset": reset = 0, "client-gone": gone = 0 } = proxy.closed;
  assert.equal(completed + reset + gone, clients, JSON.stringify(proxy.closed));
});

test("clients that say nothing are let go at the idle limit, and not before (T23)", async () => {
  const idleMs = 3_600_000;
  await using replica = await TcpReplica.start((socket) => socket.resume());
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port], { idleMs });
  await using _ = await Baseline.take();
  await using stack = new AsyncDisposableStack();
  const clients: Peer[] = [];
  for (let count = 0; count < 100; count += 1) clients.push(stack.use(await Peer.connect(port)));
  await eventually(() => replica.sockets.length === 100);
  const now = performance.now();
  proxy.engine.check(now + 0.9 * idleMs);
  assert.equal(proxy.active, 100);
  await eventually(() => {
    proxy.engine.check(now + 1.1 * idleMs);
    return clients.every(({ closed }) => closed);
  });
  await assertBalanced(proxy);
  assert.deepEqual(proxy.closed, { "idle-timeout": 100 });
});

/** Connects, says "be", an urgent "!" and "fore", ends, and prints what comes back. */
const urgent = `use Socket; socket(S, PF_INET, SOCK_STREAM, 0) or die;
connect(S, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) or die;
send(S, "be", 0); select(undef, undef, undef, 0.1); send(S, "!", MSG_OOB);
select(undef, undef, undef, 0.1); send(S, "fore", 0); shutdown(S, 1);
while (sysread(S, my $piece, 100)) { print $piece }`;

test(
  "an urgent byte harms nothing: what is around it comes through (T25)",
  { skip: isMissing("perl") },
  async () => {
    await using replica = await TcpReplica.start(echo);
    await using proxy = new EngineFixture();
    const port = await freePort();
    await proxy.serve(port, [replica.port]);
    const { stdout } = await promisify(execFile)("perl", ["-e", urgent, `${port}`]);
    assert.equal(stdout.replace("!", ""), "before");
    await assertBalanced(proxy);
    assert.deepEqual(proxy.closed, { completed: 1 });
  },
);
