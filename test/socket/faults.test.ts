import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "../support/eventually.ts";
import { acceptAndHang } from "../support/faults/accept-and-hang.ts";
import { blackHole } from "../support/faults/black-hole.ts";
import { FaultyLink, type FaultyLinkOptions } from "../support/faults/faulty-link.ts";
import { finThenReset } from "../support/faults/fin-then-reset.ts";
import { halfClose } from "../support/faults/half-close.ts";
import { jitter } from "../support/faults/jitter.ts";
import { latency } from "../support/faults/latency.ts";
import { refuse } from "../support/faults/refuse.ts";
import { reset } from "../support/faults/reset.ts";
import { seeded } from "../support/faults/seeded.ts";
import { slicer } from "../support/faults/slicer.ts";
import { slowClose } from "../support/faults/slow-close.ts";
import { stopReading } from "../support/faults/stop-reading.ts";
import { throttle } from "../support/faults/throttle.ts";
import { Baseline } from "../support/invariants.ts";
import { Peer } from "../support/peer.ts";
import { untilStill } from "../support/pouring.ts";
import { TcpReplica } from "../support/tcp-replica.ts";

/** A timer may fire this much before its time as another clock sees it, in ms. */
const early = 2;

interface Pair extends AsyncDisposable {
  readonly client: Peer;
  readonly replica: Peer;
}

/** A client and a replica with a faulty link between them. */
async function linked(options: FaultyLinkOptions = {}): Promise<Pair> {
  await using stack = new AsyncDisposableStack();
  stack.use(await Baseline.take());
  const arrived = Promise.withResolvers<Peer>();
  const server = stack.use(await TcpReplica.start((socket) => arrived.resolve(new Peer(socket))));
  const link = stack.use(await FaultyLink.start(server.port, options));
  const client = stack.use(await Peer.connect(link.port));
  const replica = await arrived.promise;
  const kept = stack.move();
  return { client, replica, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

test("a link without stages passes bytes and both ends on", async () => {
  await using pair = await linked();
  const { client, replica } = pair;
  client.say(300_000);
  client.socket.end();
  await eventually(() => replica.saw === "end");
  replica.say(200_000);
  replica.socket.end();
  await eventually(() => client.closed && replica.closed);
  assert.deepEqual([replica.heard, client.heard], [300_000, 200_000]);
  assert.deepEqual([client.saw, client.garbled, replica.garbled], ["end", false, false]);
});

for (const by of ["client", "replica"] as const) {
  test(`a link without stages passes a reset of the ${by} on`, async () => {
    await using pair = await linked();
    const { [by]: breaker, [by === "client" ? "replica" : "client"]: other } = pair;
    other.say(10);
    await eventually(() => breaker.heard === 10);
    breaker.socket.resetAndDestroy();
    await eventually(() => other.saw === "reset");
  });
}

test("a link to a port that refuses resets whoever comes", async () => {
  await using _ = await Baseline.take();
  await using dead = await refuse();
  await using link = await FaultyLink.start(dead.port);
  await using client = await Peer.connect(link.port);
  await eventually(() => client.saw === "reset");
});

test("latency holds bytes and the end back", async () => {
  await using pair = await linked({ upload: [latency(60)] });
  const { client, replica } = pair;
  const start = performance.now();
  client.say(10);
  client.socket.end();
  await eventually(() => replica.heard === 10);
  assert.ok(performance.now() - start >= 60 - early);
  await eventually(() => replica.saw === "end");
  assert.ok(performance.now() - start >= 120 - 2 * early);
});

test("jitter draws a new wait for every chunk, the same ones from the same seed", async () => {
  const random = seeded(7);
  const drawn: number[] = [];
  const noting = (): number => {
    drawn.push(random());
    return drawn.at(-1) ?? 0;
  };
  await using pair = await linked({ upload: [jitter({ ms: 30, random: noting })] });
  const { client, replica } = pair;
  const start = performance.now();
  for (let count = 1; count <= 5; count += 1) {
    client.say(100);
    await eventually(() => replica.heard === 100 * count);
  }
  const waited = drawn.reduce((sum, share) => sum + Math.floor(share * 30), 0);
  assert.equal(drawn.length, 5);
  assert.ok(performance.now() - start >= waited - 5 * early);
  const again = seeded(7);
  assert.deepEqual(Array.from({ length: 5 }, again), drawn);
  assert.notDeepEqual(Array.from({ length: 5 }, seeded(8)), drawn);
  assert.equal(replica.garbled, false);
});

test("a slicer cuts what comes into pieces, whole and in order", async () => {
  await using pair = await linked({ upload: [slicer({ bytes: 3 })] });
  const { client, replica } = pair;
  const sizes: number[] = [];
  replica.socket.on("data", (chunk: Buffer) => sizes.push(chunk.length));
  client.say(100);
  client.socket.end();
  await eventually(() => replica.saw === "end");
  assert.deepEqual([replica.heard, replica.garbled], [100, false]);
  // Neighbours may still be read together when the reader is late, but never all of them.
  assert.ok(sizes.length > 5, `${sizes.length} pieces`);
});

test("a throttle lets bytes through at its rate and holds the sender back", async () => {
  await using pair = await linked({ download: [throttle(500_000)] });
  const { client, replica } = pair;
  const start = performance.now();
  replica.say(100_000);
  replica.socket.end();
  await eventually(() => client.saw === "end");
  assert.deepEqual([client.heard, client.garbled], [100_000, false]);
  assert.ok(performance.now() - start >= 150, "faster than its rate");
});

test("a black hole swallows bytes and the end of one direction, and the other goes on", async () => {
  await using pair = await linked({ upload: [blackHole({ afterBytes: 5 })] });
  const { client, replica } = pair;
  client.say(100_000);
  client.socket.end();
  replica.say(10);
  await eventually(() => client.heard === 10 && replica.heard === 5);
  await eventually(() => client.socket.writableFinished);
  await wait(50);
  assert.deepEqual([replica.heard, replica.saw, client.saw], [5, undefined, undefined]);
});

test("a reset breaks both sides after its bytes", async () => {
  await using pair = await linked({ download: [reset({ afterBytes: 7, afterMs: 10 })] });
  const { client, replica } = pair;
  replica.say(6);
  await eventually(() => client.heard === 6);
  assert.deepEqual([client.saw, replica.saw], [undefined, undefined]);
  replica.say(6);
  await eventually(() => client.saw === "reset" && replica.saw === "reset");
  assert.equal(client.heard, 7);
});

test("a reset of zero bytes comes at once, and one that is never reached does not come", async () => {
  await using broken = await linked({ download: [reset()] });
  await eventually(() => broken.client.saw === "reset" && broken.replica.saw === "reset");
  await using whole = await linked({ download: [reset({ afterBytes: 7 })] });
  whole.replica.say(6);
  whole.replica.socket.end();
  await eventually(() => whole.client.saw === "end");
  assert.equal(whole.client.heard, 6);
});

test("a half-close ends one direction early and leaves the other alone", async () => {
  await using pair = await linked({ upload: [halfClose({ afterBytes: 1000 })] });
  const { client, replica } = pair;
  client.say(300_000);
  await eventually(() => replica.saw === "end");
  assert.equal(replica.heard, 1000);
  replica.say(200_000);
  await eventually(() => client.heard === 200_000);
  // The rest is taken and dropped, so the client is not held back.
  client.socket.end();
  await eventually(() => client.socket.writableFinished);
  replica.socket.end();
  await eventually(() => client.closed);
  assert.deepEqual([client.saw, client.garbled], ["end", false]);
});

test("a slow close holds back the end, not the bytes", async () => {
  await using pair = await linked({ upload: [slowClose(80)] });
  const { client, replica } = pair;
  const start = performance.now();
  client.say(10);
  client.socket.end();
  await eventually(() => replica.heard === 10);
  await eventually(() => replica.saw === "end");
  assert.ok(performance.now() - start >= 80 - early);
});

test("a FIN then a reset: the end is seen first, and then every write fails", async () => {
  await using pair = await linked({ download: [finThenReset({ afterBytes: 5, afterMs: 20 })] });
  const { client, replica } = pair;
  replica.say(50);
  await eventually(() => client.saw === "end");
  assert.equal(client.heard, 5);
  await eventually(() => replica.saw === "reset");
  client.pour();
  await eventually(() => client.closed);
});

test("a link that stops reading holds the sender back", async () => {
  await using pair = await linked({ upload: [stopReading({ afterBytes: 100 })] });
  const { client, replica } = pair;
  client.pour();
  await eventually(() => replica.heard === 100);
  await untilStill(() => client.said);
  assert.ok(client.socket.writableLength > 0, "everything was taken");
  assert.equal(replica.heard, 100);
});

test("stages compose in the order given", async () => {
  await using pair = await linked({
    upload: [slicer({ bytes: 40, gapMs: 1 }), latency(5), halfClose({ afterBytes: 100 })],
  });
  const { client, replica } = pair;
  const start = performance.now();
  client.say(1000);
  await eventually(() => replica.saw === "end");
  assert.deepEqual([replica.heard, replica.garbled], [100, false]);
  assert.ok(performance.now() - start >= 15 - 3 * early);
});

test("a refused port refuses every time, and nobody else gets it", async () => {
  await using _ = await Baseline.take();
  await using dead = await refuse();
  for (let round = 0; round < 3; round += 1) {
    const socket = connect(dead.port, "127.0.0.1");
    const [error]: unknown[] = await once(socket, "error");
    assert.ok(error instanceof Error && "code" in error);
    assert.equal(error.code, "ECONNREFUSED");
  }
});

test("accept and hang: connected, and then nothing", async () => {
  await using _ = await Baseline.take();
  await using hanging = await acceptAndHang();
  await using client = await Peer.connect(hanging.port);
  client.say(100);
  client.socket.end();
  await eventually(() => hanging.accepted === 1);
  await wait(50);
  assert.deepEqual([client.heard, client.saw], [0, undefined]);
});
