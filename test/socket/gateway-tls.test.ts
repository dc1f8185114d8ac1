import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { suite, test } from "node:test";
import { connect, createServer, type TLSSocket } from "node:tls";
import { eventually } from "../support/eventually.ts";
import { GatewayFixture } from "../support/gateway-fixture.ts";
import { ask } from "../support/http-exchange.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { TcpReplica } from "../support/tcp-replica.ts";
import { isMissing, TemporaryDirectory } from "../support/real-server.ts";
import { selfSigned } from "../support/certificates.ts";
import { helloFor, helloMessage, records } from "../fixtures/tls-hello/build.ts";
import { hellos } from "../fixtures/tls-hello/hellos.ts";

const noOpenssl = isMissing("openssl");
const alert = Buffer.from([21, 3, 1, 0, 2, 2, 112]);

/** A replica that keeps all it gets and says its name at the first byte. */
async function listener(name: string): Promise<TcpReplica & { readonly heard: () => Buffer }> {
  const pieces: Buffer[] = [];
  const replica = await TcpReplica.start((socket) => {
    socket.once("data", () => socket.write(name));
    socket.on("data", (bytes: Buffer) => pieces.push(bytes));
    socket.on("end", () => socket.end());
  });
  return Object.assign(replica, { heard: () => Buffer.concat(pieces) });
}

test("every hello of the corpus goes where it must, byte for byte, or nowhere (S01, S06)", async () => {
  for (const { name, bytes, want } of hellos) {
    await using a = await listener("A");
    await using fallback = await listener("default");
    await using gateway = await GatewayFixture.start(
      [
        { replicas: [a.port], hosts: { tls: ["a.test"] } },
        { replicas: [fallback.port], hosts: { tlsDefault: true } },
      ],
      { helloTimeoutMs: 50 },
    );
    await using client = new TcpClient(gateway.tlsPort);
    // In small pieces, so that no reader sees it whole by luck.
    client.socket.setNoDelay(true);
    for (let at = 0; at < bytes.length && at < 700; at += 100) {
      client.socket.write(bytes.subarray(at, at + 100));
    }
    client.socket.write(bytes.subarray(700));
    if (want.kind === "hello") {
      const [to, other] = want.name === "a.test" ? [a, fallback] : [fallback, a];
      await eventually(() => to.heard().length === bytes.length, { what: name });
      assert.deepEqual(to.heard(), bytes, name);
      assert.equal(other.sockets.length, 0, name);
    } else {
      await eventually(() => client.closed || client.ended, { what: name });
      assert.equal(a.sockets.length + fallback.sockets.length, 0, name);
    }
  }
});

test("a name that nobody takes is told so, and so is no name; both are counted (S04)", async () => {
  await using a = await listener("A");
  await using gateway = await GatewayFixture.start([
    { replicas: [a.port], hosts: { tls: ["a.test"], http: ["http-only.test"] } },
  ]);
  for (const bytes of [
    helloFor("b.test"),
    helloFor("a.test.b"),
    helloFor("http-only.test"),
    records(helloMessage({})),
  ]) {
    await using client = await ask(gateway.tlsPort, bytes.toString("latin1"));
    assert.deepEqual(client.received, alert);
  }
  assert.equal(gateway.noted(1, "unknown-host"), 4);
  assert.equal(a.sockets.length, 0);
});

test("a longer suffix wins over a shorter one, and an exact name over both", async () => {
  await using exact = await listener("exact");
  await using short = await listener("short");
  await using long = await listener("long");
  await using gateway = await GatewayFixture.start([
    { replicas: [exact.port], hosts: { tls: ["x.deep.test.io"] }, mode: "http" },
    { replicas: [short.port], hosts: { tls: ["*.test.io"] } },
    { replicas: [long.port], hosts: { tls: ["*.deep.test.io"] } },
  ]);
  for (const [name, want] of [
    ["X.deep.test.io", "exact"],
    ["y.deep.test.io", "long"],
    ["deep.test.io", "short"],
  ]) {
    await using client = await TcpClient.open(gateway.tlsPort);
    client.socket.write(helloFor(name ?? ""));
    await eventually(() => client.text === want, { what: name ?? "" });
  }
});

test("what stalls is closed in time and held within bounds; those that came first make room (S03)", async () => {
  await using gateway = await GatewayFixture.start([], { helloTimeoutMs: 300 });
  const clients = Array.from({ length: 50 }, () => new TcpClient(gateway.tlsPort));
  for (const { socket } of clients) socket.write(Buffer.from([22]));
  await eventually(() => clients.every(({ closed }) => closed));
  assert.equal(gateway.noted(1, "timeout"), 50);
  await eventually(() => gateway.engine.connectionCount === 0);
});

test("plain HTTP on the TLS port gets a word of HTTP and goes nowhere (S08)", async () => {
  await using fallback = await listener("default");
  await using gateway = await GatewayFixture.start([
    { replicas: [fallback.port], hosts: { tlsDefault: true } },
  ]);
  await using client = await ask(gateway.tlsPort, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  assert.match(client.text, /^HTTP\/1\.1 400 /);
  assert.equal(fallback.sockets.length, 0);
  assert.equal(gateway.noted(1, "plain-text"), 1);
});

test("a PROXY header stands before the hello, and the replica may be told of it", async () => {
  await using a = await listener("A");
  await using gateway = await GatewayFixture.start(
    [{ replicas: [a.port], hosts: { tls: ["a.test"] }, policy: { sendProxy: 1 } }],
    { acceptProxy: true, headerSources: ["127.0.0.1"] },
  );
  const header = "PROXY TCP4 203.0.113.7 192.0.2.1 4000 443\r\n";
  const hello = helloFor("a.test");
  await using client = await TcpClient.open(gateway.tlsPort);
  client.socket.write(Buffer.concat([Buffer.from(header), hello]));
  await eventually(() => a.heard().length === header.length + hello.length);
  assert.deepEqual(a.heard(), Buffer.concat([Buffer.from(header), hello]));
});

test("a connection that is passed on is counted for its service and limited by it", async () => {
  await using a = await listener("A");
  await using gateway = await GatewayFixture.start([
    { replicas: [a.port], hosts: { tls: ["a.test"] }, policy: { maxConnections: 1 } },
  ]);
  await using first = await TcpClient.open(gateway.tlsPort);
  first.socket.write(helloFor("a.test"));
  await eventually(() => first.text === "A");
  assert.equal(gateway.active, 1);
  await using second = await TcpClient.open(gateway.tlsPort);
  second.socket.write(helloFor("a.test"));
  await eventually(() => second.closed);
  assert.deepEqual(gateway.closed, { "connection-limit": 1 });
  assert.ok(gateway.balanced);
});

suite("real TLS", { skip: noOpenssl }, () => {
  test("openssl and this runtime shake hands with the replica through the gateway, large hellos too (S02)", async () => {
    using folder = new TemporaryDirectory();
    const { chain, key } = selfSigned(folder.path, "a", ["a.test"]);
    const server = createServer({ cert: chain, key }, (socket: TLSSocket) => {
      socket.on("error", () => undefined);
      socket.end(`hello ${String(socket.getProtocol())}\n`);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const bound = server.address();
    assert.ok(bound !== null && typeof bound === "object");
    await using gateway = await GatewayFixture.start([
      { replicas: [bound.port], hosts: { tls: ["a.test"] } },
    ]);
    for (const version of ["tls1_2", "tls1_3"]) {
      const args = ["s_client", "-connect", `127.0.0.1:${gateway.tlsPort}`, `-${version}`];
      const { stdout } = await openssl([...args, "-servername", "a.test", "-quiet"]);
      assert.match(stdout, /^hello TLSv1\.[23]/m);
    }
    const nameless = await openssl([
      "s_client",
      "-connect",
      `127.0.0.1:${gateway.tlsPort}`,
      "-noservername",
    ]);
    assert.match(nameless.stderr, /unrecognized name/);
    const client = connect({
      port: gateway.tlsPort,
      host: "127.0.0.1",
      servername: "a.test",
      ca: chain,
      ecdhCurve: "X25519MLKEM768:X25519",
    });
    const [answer] = await once(client, "data");
    assert.match(String(answer), /^hello TLSv1\.3/);
    server.close();
  });
});

async function openssl(args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const child = spawn("openssl", args, { stdio: ["pipe", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (bytes: Buffer) => (stdout += bytes.toString()));
  child.stderr.on("data", (bytes: Buffer) => (stderr += bytes.toString()));
  child.stdin.on("error", () => undefined);
  await once(child, "close");
  return { stdout, stderr };
}
