import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { suite, test } from "node:test";
import { EngineFixture } from "../support/engine-fixture.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { HttpFixture } from "../support/http-fixture.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { TcpReplica } from "../support/tcp-replica.ts";

/** As much as the kernel takes for a side that reads nothing. */
const answer = Buffer.alloc(2_000_000, "a");

const skip = process.platform === "linux" ? false : "the kernel tells what it holds on Linux only";

/** Reads about so many bytes a second for so long, then no more. */
async function readSlowly(socket: Socket, bytesPerSecond: number, ms: number): Promise<void> {
  socket.pause();
  const tick = 50;
  for (let spent = 0; spent < ms && !socket.destroyed; spent += tick) {
    await new Promise((resolve) => setTimeout(resolve, tick));
    socket.read(Math.ceil((bytesPerSecond * tick) / 1000));
  }
}

/** Writes without end. */
function pour(socket: Socket): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(answer));
  };
  socket.on("drain", more);
  more();
}

test("an answer that is over reaches a client that reads none of it until we have closed", async () => {
  await using replica = await TcpReplica.start((socket) => socket.end(answer));
  await using proxy = new EngineFixture({ limits: { halfCloseMs: 300 } });
  const port = await freePort();
  await proxy.serve(port, [replica.port]);
  await using client = await TcpClient.open(port);
  client.socket.pause();
  await eventually(() => proxy.active === 0);
  assert.deepEqual(proxy.closed, { "half-close-timeout": 1 });
  client.socket.resume();
  await eventually(() => client.closed || client.ended);
  assert.equal(client.error, undefined);
  assert.equal(client.received.length, answer.length);
});

test("what a client has sent before its end reaches a replica that reads none of it until we have closed", async () => {
  let heard = 0;
  let over = false;
  await using replica = await TcpReplica.start((socket) => {
    socket.pause();
    socket.on("data", (bytes) => (heard += bytes.length));
    socket.on("end", () => (over = true));
  });
  await using proxy = new EngineFixture({ limits: { halfCloseMs: 300 } });
  const port = await freePort();
  await proxy.serve(port, [replica.port]);
  await using client = await TcpClient.open(port);
  client.socket.end(answer);
  await eventually(() => replica.sockets.length === 1 && proxy.active === 0);
  replica.sockets[0]?.resume();
  await eventually(() => over);
  assert.equal(heard, answer.length);
});

test("a replica's reset destroys nothing that its client is slow to take", { skip }, async () => {
  await using replica = await TcpReplica.start((socket) => void socket.write(answer));
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port]);
  await using client = await TcpClient.open(port);
  client.socket.pause();
  await eventually(() => proxy.sent === answer.length);
  // Longer than a side must have been quiet for a reset to be passed on as one.
  const noted = performance.now();
  await eventually(() => performance.now() - noted > 1500);
  replica.sockets[0]?.resetAndDestroy();
  await new Promise((resolve) => setTimeout(resolve, 100));
  client.socket.resume();
  await eventually(() => client.closed || client.ended);
  assert.equal(client.received.length, answer.length);
  client.socket.end();
  await eventually(() => proxy.closed["upstream-reset"] === 1);
});

// Most of their time is spent in waiting.
suite(
  "is not taken for one that stands still; one that stops is",
  { skip, concurrency: true },
  () => {
    test("a client that reads slowly", async () => {
      await using replica = await TcpReplica.start(pour);
      await using proxy = new EngineFixture({ limits: { writeStallMs: 2000 } });
      const port = await freePort();
      await proxy.serve(port, [replica.port]);
      await using client = await TcpClient.open(port);
      await readSlowly(client.socket, 400_000, 7000);
      assert.equal(proxy.active, 1, JSON.stringify(proxy.closed));
      await eventually(() => proxy.active === 0, { withinMs: 20_000 });
      assert.deepEqual(proxy.closed, { "write-stall": 1 });
    });

    test("a client that reads its answer slowly", async () => {
      await using replica = await TcpReplica.start((socket) => {
        socket.once("data", () => {
          socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
          pour(socket);
        });
      });
      const limits = { writeStallMs: 2000 };
      await using proxy = await HttpFixture.start([replica.port], {}, { limits });
      await using client = await TcpClient.open(proxy.port);
      client.socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await readSlowly(client.socket, 400_000, 7000);
      assert.equal(proxy.active, 1, JSON.stringify(proxy.closed));
      await eventually(() => proxy.active === 0, { withinMs: 20_000 });
      assert.deepEqual(proxy.closed, { "write-stall": 1 });
    });

    test("a replica that reads a body slowly", async () => {
      await using replica = await TcpReplica.start((socket) => socket.pause());
      await using proxy = await HttpFixture.start([replica.port], { serverTimeoutMs: 2000 });
      await using client = await TcpClient.open(proxy.port);
      client.socket.write("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n");
      pour(client.socket);
      const [socket] = await eventually(() => replica.sockets.length === 1 && replica.sockets);
      assert.ok(socket !== undefined);
      await readSlowly(socket, 400_000, 7000);
      assert.equal(proxy.active, 1, JSON.stringify(proxy.closed));
      await eventually(() => proxy.active === 0, { withinMs: 20_000 });
      assert.deepEqual(proxy.closed, { "upstream-timeout": 1 });
    });
  },
);

test("whoever stands still with nothing on the way is asked about once, however long", async () => {
  let asked = 0;
  await using replica = await TcpReplica.start((socket) => void socket.write("hello"));
  await using proxy = new EngineFixture({
    limits: { writeStallMs: 100 },
    heldFor: async () => {
      asked += 1;
      return { bytes: 0, at: performance.now() };
    },
  });
  const port = await freePort();
  await proxy.serve(port, [replica.port]);
  await using client = await TcpClient.open(port);
  await eventually(() => asked > 0 && client.text === "hello");
  const noted = performance.now();
  await eventually(() => performance.now() - noted > 500);
  // Nothing was ever sent to the replica.
  assert.equal(asked, 1);
  assert.equal(proxy.active, 1);
});
