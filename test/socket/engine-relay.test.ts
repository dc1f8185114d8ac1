import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { channel } from "node:diagnostics_channel";
import { Socket } from "node:net";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { EngineFixture } from "../support/engine-fixture.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { mostInKernel, pour, untilStill } from "../support/pouring.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { echo, TcpReplica } from "../support/tcp-replica.ts";

function digest(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

test("bytes come through both ways, whole and in order", async () => {
  await using replica = await TcpReplica.start(echo);
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port]);
  const sent = randomBytes(3_000_000);

  await using client = await TcpClient.open(port);
  let offset = 0;
  for (let size = 1; offset < sent.length; size = (size * 7 + 1) % 200_000) {
    client.socket.write(sent.subarray(offset, offset + size));
    offset += size;
  }
  client.socket.end();
  await eventually(() => client.closed, { what: "the connection to close" });

  assert.equal(digest(client.received), digest(sent));
  await eventually(() => proxy.active === 0);
  assert.deepEqual(proxy.closed, { completed: 1 });
  assert.equal(proxy.received, sent.length);
  assert.equal(proxy.sent, sent.length);
  assert.ok(proxy.balanced);
});

test("a client that ends its side still gets the answer", async () => {
  await using replica = await TcpReplica.start((socket) => {
    const heard: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => heard.push(chunk));
    socket.on("end", () => socket.end(`heard ${Buffer.concat(heard).toString()}`));
  });
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port]);

  await using client = await TcpClient.open(port);
  client.socket.end("question");
  await eventually(() => client.closed);
  assert.equal(client.text, "heard question");
  assert.equal(client.error, undefined);
});

test("a replica that ends first still gets what the client sends", async () => {
  const heard: Buffer[] = [];
  let over = false;
  await using replica = await TcpReplica.start((socket) => {
    socket.end("banner");
    socket.on("data", (chunk: Buffer) => heard.push(chunk));
    socket.on("end", () => {
      over = true;
    });
  });
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port]);

  await using client = await TcpClient.open(port);
  await eventually(() => client.ended, { what: "the replica's end at the client" });
  client.socket.end(Buffer.alloc(1_000_000, "x"));
  await eventually(() => over, { what: "the client's end at the replica" });
  assert.equal(Buffer.concat(heard).length, 1_000_000);
  await eventually(() => proxy.active === 0);
  assert.deepEqual(proxy.closed, { completed: 1 });
});

test("a server that speaks first is heard by a silent client", async () => {
  await using replica = await TcpReplica.start((socket) => socket.write("220 ready\r\n"));
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port]);
  await using client = await TcpClient.open(port);
  await eventually(() => client.text === "220 ready\r\n");
});

test("a client's reset reaches a quiet replica as a reset", async () => {
  let error: NodeJS.ErrnoException | undefined;
  await using replica = await TcpReplica.start((socket) => {
    socket.resume();
    socket.on("error", (cause: NodeJS.ErrnoException) => {
      error = cause;
    });
  });
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port]);
  await using client = await TcpClient.open(port);
  await eventually(() => replica.sockets.length === 1);
  client.socket.resetAndDestroy();
  await eventually(() => error);
  assert.equal(error?.code, "ECONNRESET");
  await eventually(() => proxy.active === 0);
  assert.deepEqual(proxy.closed, { "client-reset": 1 });
});

test("a replica's reset reaches a quiet client as a reset", async () => {
  await using replica = await TcpReplica.start((socket) => socket.resume());
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port]);
  await using client = await TcpClient.open(port);
  const upstream = await eventually(() => replica.sockets[0]);
  upstream.resetAndDestroy();
  await eventually(() => client.closed);
  assert.equal(client.error?.code, "ECONNRESET");
  await eventually(() => proxy.active === 0);
  assert.deepEqual(proxy.closed, { "upstream-reset": 1 });
});

test("what was read before a replica's reset is delivered to a slow client", async () => {
  let upstream: Socket | undefined;
  await using replica = await TcpReplica.start((socket) => {
    upstream = socket;
    pour(socket.resume());
  });
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port]);
  await using client = await TcpClient.open(port);
  client.socket.pause();
  const socket = await eventually(() => upstream);
  // The relay reads until its bound is reached; then the reset comes with bytes queued for the client.
  const readByProxy = await untilStill(() => proxy.sent);
  socket.resetAndDestroy();
  client.socket.resume();
  await eventually(() => client.closed || client.ended, { withinMs: 20_000 });
  assert.ok(client.received.length >= readByProxy, `${client.received.length} of ${readByProxy}`);
});

for (const slow of ["client", "replica"] as const) {
  test(`a ${slow} that does not read bounds what is buffered for it (T09, T10)`, async () => {
    await using replica = await TcpReplica.start((socket) => {
      if (slow === "client") pour(socket.resume());
      else socket.pause();
    });
    await using proxy = new EngineFixture({
      limits: { writeStallMs: 400 },
    });
    const port = await freePort();
    await proxy.serve(port, [replica.port]);
    await using client = await TcpClient.open(port);
    if (slow === "client") client.socket.pause();
    else pour(client.socket);
    // The stall timer ends the connection: until then the relay took in no more than the kernel's buffers plus its bound.
    await eventually(() => proxy.closed["write-stall"] === 1, { withinMs: 20_000 });
    const taken = slow === "client" ? proxy.sent : proxy.received;
    assert.ok(taken <= mostInKernel() + 128 * 1024, `took in ${taken} bytes`);
    assert.equal(proxy.active, 0);
  });
}

for (const slow of ["client", "replica"] as const) {
  test(`no more than 128 KiB wait for a ${slow} that does not read (T09, T10)`, async () => {
    const sockets: Socket[] = [];
    const remember = (message: unknown): void => {
      const socket: unknown = Reflect.get(Object(message), "socket");
      if (socket instanceof Socket) sockets.push(socket);
    };
    const kinds = [channel("net.server.socket"), channel("net.client.socket")];
    for (const kind of kinds) kind.subscribe(remember);
    await using stack = new AsyncDisposableStack();
    stack.defer(() => {
      for (const kind of kinds) kind.unsubscribe(remember);
    });
    await using replica = await TcpReplica.start((socket) => {
      if (slow === "client") pour(socket.resume());
      else socket.pause();
    });
    await using proxy = new EngineFixture();
    const port = await freePort();
    await proxy.serve(port, [replica.port]);
    await using client = await TcpClient.open(port);
    if (slow === "client") client.socket.pause();
    else pour(client.socket);
    const own = (): Socket[] =>
      sockets.filter(({ localPort, remotePort }) => {
        return localPort === port || remotePort === replica.port;
      });
    const held = (): number[] =>
      own().map(({ readableLength, writableLength }) => readableLength + writableLength);
    await eventually(() => held().some((bytes) => bytes > 0), { what: "bytes that wait" });
    for (let look = 0; look < 50; look += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      const total = held().reduce((sum, bytes) => sum + bytes, 0);
      assert.ok(total <= 128 * 1024, `${held().join(" + ")} bytes wait`);
    }
    assert.equal(own().length, 2);
  });
}

test("a half-closed connection that stays silent is ended", async () => {
  await using replica = await TcpReplica.start((socket) => socket.resume());
  await using proxy = new EngineFixture({
    limits: { halfCloseMs: 200 },
  });
  const port = await freePort();
  await proxy.serve(port, [replica.port]);
  await using client = await TcpClient.open(port);
  client.socket.end();
  await eventually(() => proxy.closed["half-close-timeout"] === 1);
  await eventually(() => client.closed);
});

test("an idle connection is ended", async () => {
  await using replica = await TcpReplica.start((socket) => socket.resume());
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port], { idleMs: 200 });
  await using client = await TcpClient.open(port);
  await eventually(() => client.closed);
  assert.deepEqual(proxy.closed, { "idle-timeout": 1 });
});

test("connections that last are watched by keepalive on both sides", async (t) => {
  const asked = t.mock.method(Socket.prototype, "setKeepAlive").mock;
  await using replica = await TcpReplica.start((socket) => socket.resume());
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port]);
  await using client = await TcpClient.open(port);
  const upstream = await eventually(() => replica.sockets[0]);
  // In /proc/net/tcp a timer of kind 02 is the keepalive's; the proxy's ends are those whose peers these are.
  const peers = [client.socket.localPort ?? 0, upstream.localPort ?? 0];
  const watched = (peer: number): boolean => {
    const hex = peer.toString(16).toUpperCase().padStart(4, "0");
    const rows = readFileSync("/proc/net/tcp", "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/));
    return rows.some(
      (row) =>
        row[2] === `0100007F:${hex}` && row[3] === "01" && row[5]?.startsWith("02:") === true,
    );
  };
  await eventually(() => peers.every((peer) => watched(peer)), { what: "keepalive timers" });
  // Silent for a minute, then asked every ten seconds, three times.
  const how = asked.calls.map((call) => call.arguments);
  assert.deepEqual(how, [
    [true, 60_000, 10_000, 3],
    [true, 60_000, 10_000, 3],
  ]);
});
