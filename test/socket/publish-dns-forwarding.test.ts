import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { test } from "node:test";
import { DnsServer } from "../../src/publish/dns/dns-server.ts";
import { framed, messagesIn } from "../../src/nameserver/frames.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { keepingLogger } from "../support/running-source.ts";
import { question, told, type Told } from "../unit/publish/dns-messages.ts";
import { route, routed, table } from "../unit/publish/tables.ts";

/** Another name server: one of ours, for another origin. */
async function other(
  forward: readonly number[] = [],
  { replicas = 1, timeoutMs = 20_000 } = {},
): Promise<DnsServer> {
  const server = await DnsServer.open({
    address: { host: "127.0.0.1", port: 0 },
    origin: forward.length === 0 ? "example" : "mmsd",
    forward: forward.map((port) => ({ host: "127.0.0.1", port })),
    forwardTimeoutMs: timeoutMs,
    logger: keepingLogger(),
  });
  const addresses = Array.from({ length: replicas }, (_, index) =>
    routed(`10.0.${index >> 8}.${index & 255}:80`),
  );
  server.publish(table([route("/web", 80, addresses)]));
  return server;
}

async function ask(port: number, message: Buffer): Promise<Told> {
  const socket = createSocket("udp4");
  try {
    socket.send(message, port, "127.0.0.1");
    const [reply] = await once(socket, "message", { signal: AbortSignal.timeout(10_000) });
    return told(reply);
  } finally {
    socket.close();
  }
}

/** A name server that does what a test says with each datagram. */
async function scripted(
  answering: (socket: Socket, message: Buffer, port: number) => void,
): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.on("message", (message, { port }) => answering(socket, message, port));
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}

test("other names are asked elsewhere, in the client's letters, and remembered", async () => {
  await using far = await other();
  await using near = await other([far.port]);
  const first = await ask(near.port, question("Web.Example", "A", { edns: 1232 }));
  assert.deepEqual(first.lines, ["Web.Example A 10.0.0.0"]);
  const again = await ask(near.port, question("WEB.EXAMPLE", "A", { edns: 1232 }));
  assert.deepEqual(again.lines[0], "Web.Example A 10.0.0.0".replace("Web.Example", "WEB.EXAMPLE"));
  assert.equal((await ask(near.port, question("no.example", "A"))).rcode, "NXDOMAIN");
  assert.deepEqual(near.figures().forwarded, { asked: 2, fromCache: 1, failures: 0 });
  assert.deepEqual((await ask(near.port, question("web.mmsd", "A"))).lines, [
    "web.mmsd A 10.0.0.0",
  ]);
});

test("a client that comes by TCP is served by TCP, with what a datagram cannot hold", async () => {
  await using far = await other([], { replicas: 500 });
  await using near = await other([far.port]);
  assert.ok((await ask(near.port, question("web.example", "A"))).flag_tc);
  const socket = connect(near.port, "127.0.0.1");
  socket.write(framed(question("web.example", "A")));
  for await (const reply of messagesIn(socket, 65_535)) {
    assert.equal(told(reply).lines.length, 500);
    socket.end();
  }
});

test("a server that refuses is passed over, and then asked last", async () => {
  await using far = await other();
  await using near = await other([await freePort(), far.port]);
  assert.equal((await ask(near.port, question("web.example", "A"))).lines.length, 1);
  assert.equal((await ask(near.port, question("web.example", "AAAA"))).rcode, "NOERROR");
  assert.equal(near.figures().forwarded.asked, 3);
});

test("a server that is silent is waited for no longer than that", async () => {
  const silent = await scripted(() => undefined);
  await using near = await other([silent.address().port], { timeoutMs: 20 });
  assert.equal((await ask(near.port, question("web.example", "A"))).rcode, "SERVFAIL");
  const socket = connect(near.port, "127.0.0.1");
  socket.write(framed(question("web.example", "A")));
  for await (const reply of messagesIn(socket, 65_535)) {
    assert.equal(told(reply).rcode, "SERVFAIL");
    socket.end();
  }
  silent.close();
});

test("a server that accepts and says nothing is given up by TCP as well", async () => {
  const silent = createServer((socket) => socket.resume());
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const bound = silent.address();
  assert.ok(bound !== null && typeof bound === "object");
  await using near = await other([bound.port], { timeoutMs: 20 });
  const socket = connect(near.port, "127.0.0.1");
  socket.write(framed(question("web.example", "A")));
  for await (const reply of messagesIn(socket, 65_535)) {
    assert.equal(told(reply).rcode, "SERVFAIL");
    socket.end();
  }
  silent.close();
});

for (const host of ["127.0.0.1", "0.0.0.0"]) {
  test(`bound to ${host}, it does not ask itself`, async () => {
    const port = await freePort();
    await using server = await DnsServer.open({
      address: { host, port },
      forward: [{ host: "127.0.0.1", port }],
      logger: keepingLogger(),
    });
    assert.equal((await ask(port, question("web.example", "A"))).rcode, "REFUSED");
    assert.equal(server.figures().forwarded.asked, 0);
  });
}

test("when nobody answers the client is told, and it is counted", async () => {
  await using near = await other([await freePort()]);
  assert.equal((await ask(near.port, question("web.example", "A"))).rcode, "SERVFAIL");
  assert.equal(near.figures().forwarded.failures, 1);
});

test("answers to other questions are not believed", async () => {
  const liar = await scripted((socket, message, port) => {
    const wrongId = Buffer.from(message);
    wrongId[0] = (wrongId[0] ?? 0) ^ 0xff;
    const wrongName = Buffer.from(message);
    wrongName[13] = 0x78;
    for (const forged of [wrongId, wrongName, Buffer.alloc(3), message]) {
      if (forged !== message && forged.length > 3) forged[2] = 0x81;
      socket.send(forged, port, "127.0.0.1");
    }
    const right = Buffer.from(message);
    right[2] = 0x81;
    right[3] = 0x05;
    socket.send(right, port, "127.0.0.1");
  });
  await using near = await other([liar.address().port]);
  assert.equal((await ask(near.port, question("web.example", "A"))).rcode, "REFUSED");
  liar.close();
});

test("clients that ask the same at the same time share one question", async () => {
  let release = (): void => undefined;
  const asked: Buffer[] = [];
  const slow = await scripted((socket, message, port) => {
    asked.push(message);
    release = () => {
      const reply = Buffer.from(message);
      reply[2] = 0x81;
      socket.send(reply, port, "127.0.0.1");
    };
  });
  await using near = await other([slow.address().port]);
  const clients = Array.from({ length: 20 }, () => createSocket("udp4"));
  for (const client of clients) client.send(question("web.example", "A"), near.port, "127.0.0.1");
  const replies = clients.map((client) => once(client, "message"));
  await eventually(() => asked.length === 1);
  // A datagram of ours behind theirs: when it is answered, theirs have been read.
  await ask(near.port, question("web.mmsd", "A"));
  release();
  await Promise.all(replies);
  assert.equal(asked.length, 1);
  for (const socket of [slow, ...clients]) socket.close();
});

test("closing does not wait for servers that are silent", async () => {
  const silent = await scripted(() => undefined);
  const near = await other([silent.address().port]);
  const client = createSocket("udp4");
  client.send(question("web.example", "A"), near.port, "127.0.0.1");
  await eventually(() => near.figures().forwarded.asked === 1);
  await near[Symbol.asyncDispose]();
  for (const socket of [client, silent]) socket.close();
});
