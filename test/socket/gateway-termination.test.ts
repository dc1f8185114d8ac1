import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { suite, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { Agent, WebSocket } from "undici";
import { readCertificates } from "../../src/wiring/certificate-folder.ts";
import { selfSigned } from "../support/certificates.ts";
import { eventually } from "../support/eventually.ts";
import { GatewayFixture } from "../support/gateway-fixture.ts";
import { answering, saying } from "../support/http-exchange.ts";
import { RecordingReplica } from "../support/http-replica.ts";
import { realHello } from "../support/real-hello.ts";
import { isMissing, TemporaryDirectory } from "../support/real-server.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { echo, TcpReplica } from "../support/tcp-replica.ts";
import { startWebSocketReplica } from "../support/websocket-replica.ts";
import { helloFor } from "../fixtures/tls-hello/build.ts";

class TlsClient implements AsyncDisposable {
  readonly socket: TLSSocket;
  text = "";
  ended = false;
  closed = false;

  private constructor(port: number, servername: string) {
    this.socket = connect({ port, host: "127.0.0.1", servername, rejectUnauthorized: false });
    this.socket.on("data", (bytes: Buffer) => (this.text += bytes.toString("latin1")));
    this.socket.on("end", () => (this.ended = true));
    this.socket.on("close", () => (this.closed = true));
    this.socket.on("error", () => undefined);
  }

  static async open(port: number, servername: string): Promise<TlsClient> {
    const client = new TlsClient(port, servername);
    await once(client.socket, "secureConnect");
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    if (!this.closed) await once(this.socket, "close");
  }
}

const run = promisify(execFile);

function get(host: string): string {
  return `GET /x HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
}

suite("TLS that ends here", { skip: isMissing("openssl") }, () => {
  test("requests are forwarded under the certificate of their name, one connection for many", async () => {
    using folder = new TemporaryDirectory();
    selfSigned(folder.path, "a", ["a.test"]);
    selfSigned(folder.path, "wild", ["*.b.test"]);
    const { certificates, problems } = await readCertificates(folder.path);
    assert.deepEqual(problems, []);
    await using replica = await RecordingReplica.start();
    await using gateway = await GatewayFixture.start([
      { replicas: [replica.port], hosts: { http: ["a.test", "x.b.test"] } },
    ]);
    gateway.engine.certify(certificates);
    for (const [name, subject] of [
      ["a.test", "a"],
      ["x.b.test", "wild"],
    ] as const) {
      await using client = await TlsClient.open(gateway.tlsPort, name);
      assert.equal(client.socket.getPeerCertificate().subject.CN, subject);
      client.socket.write(get(name));
      await eventually(() => client.text.split("200 OK").length === 2);
      client.socket.write(get(name));
      await eventually(() => client.text.split("200 OK").length === 3);
    }
    assert.equal(replica.requests.length, 4);
    assert.match(replica.text, /\r\nX-Forwarded-Proto: https\r\n/);
    assert.match(replica.text, /\r\nX-Forwarded-For: 127\.0\.0\.1\r\n/);
    assert.doesNotMatch(replica.text, /Forwarded-Proto: http\r\n/);
    assert.equal(gateway.noted(1, "terminated"), 2);
    await eventually(() => gateway.engine.connectionCount === 0);
  });

  const noH2load = isMissing("h2load", "nghttp2-client");
  test(
    "a client that would rather speak HTTP/2 agrees on 1.1 and loses nothing",
    { skip: noH2load },
    async () => {
      using folder = new TemporaryDirectory();
      selfSigned(folder.path, "a", ["127.0.0.1", "a.test"]);
      await using replica = await RecordingReplica.start();
      await using gateway = await GatewayFixture.start([
        { replicas: [replica.port], hosts: { http: ["a.test"], httpDefault: true } },
      ]);
      gateway.engine.certify((await readCertificates(folder.path)).certificates);
      const url = `https://a.test:${gateway.tlsPort}/`;
      const to = ["--connect-to", `127.0.0.1:${gateway.tlsPort}`];
      const { stdout } = await run("h2load", ["-n", "1000", "-c", "10", "-t", "1", ...to, url]);
      assert.match(stdout, /Application protocol: http\/1\.1/);
      assert.match(stdout, /1000 done, 1000 succeeded, 0 failed/);
      assert.equal(replica.requests.length, 1000);
    },
  );

  test("large bodies arrive whole in both directions, and a change of protocol makes a tunnel", async () => {
    using folder = new TemporaryDirectory();
    selfSigned(folder.path, "a", ["a.test"]);
    const { certificates } = await readCertificates(folder.path);
    const size = 3_000_000;
    await using replica = await answering((socket, head) => {
      if (head.includes("Upgrade: echo")) {
        socket.write("HTTP/1.1 101 Yes\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
        socket.removeAllListeners("data");
        echo(socket);
      } else socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${"x".repeat(size)}`);
    });
    await using gateway = await GatewayFixture.start([
      { replicas: [replica.port], hosts: { http: ["a.test"] } },
    ]);
    gateway.engine.certify(certificates);
    await using client = await TlsClient.open(gateway.tlsPort, "a.test");
    client.socket.write(get("a.test"));
    await eventually(() => client.text.length > size && client.text.endsWith("x".repeat(1000)));
    client.socket.write(
      "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n",
    );
    await eventually(() => client.text.includes("101 Yes") && client.text.endsWith("\r\n\r\n"));
    client.text = "";
    client.socket.write("y".repeat(size));
    await eventually(() => client.text.length === size);
    client.socket.end();
    await eventually(() => client.closed);
    await eventually(() => gateway.engine.connectionCount === 0);
  });
});

suite("TLS that ends here, and who is served by it", { skip: isMissing("openssl") }, () => {
  test("a WebSocket of a client package comes through", async () => {
    using folder = new TemporaryDirectory();
    const { chain } = selfSigned(folder.path, "a", ["localhost", "a.test"]);
    await using replica = await startWebSocketReplica();
    await using gateway = await GatewayFixture.start([
      { replicas: [replica.port], hosts: { httpDefault: true } },
    ]);
    gateway.engine.certify((await readCertificates(folder.path)).certificates);
    const dispatcher = new Agent({ connect: { ca: chain } });
    const socket = new WebSocket(`wss://localhost:${gateway.tlsPort}/chat`, { dispatcher });
    await once(socket, "open");
    socket.send("hello");
    const [{ data }] = await once(socket, "message");
    assert.equal(data, "hello");
    socket.close();
    await dispatcher.close();
    await eventually(() => gateway.engine.connectionCount === 0);
  });

  test("behind a PROXY header TLS ends here for the client that it names", async () => {
    using folder = new TemporaryDirectory();
    selfSigned(folder.path, "a", ["a.test"]);
    await using replica = await RecordingReplica.start();
    await using gateway = await GatewayFixture.start(
      [{ replicas: [replica.port], hosts: { http: ["a.test"] } }],
      { acceptProxy: true, headerSources: ["127.0.0.1"] },
    );
    gateway.engine.certify((await readCertificates(folder.path)).certificates);
    const raw = await TcpClient.open(gateway.tlsPort);
    raw.socket.removeAllListeners("data");
    raw.socket.write("PROXY TCP4 203.0.113.7 192.0.2.1 4000 443\r\n");
    const client = connect({ socket: raw.socket, servername: "a.test", rejectUnauthorized: false });
    await once(client, "secureConnect");
    client.write(get("a.test"));
    await eventually(() => replica.requests.length === 1);
    assert.match(replica.text, /\r\nX-Forwarded-For: 203\.0\.113\.7\r\n/);
    assert.match(replica.text, /\r\nX-Forwarded-Proto: https\r\n/);
    client.destroy();
    await eventually(() => gateway.engine.connectionCount === 0);
  });

  test("another certificate is for the handshakes that follow; connections that run go on", async () => {
    using folder = new TemporaryDirectory();
    await using web = await RecordingReplica.start();
    await using gateway = await GatewayFixture.start([
      { replicas: [web.port], hosts: { http: ["a.test"] } },
    ]);
    selfSigned(folder.path, "a", ["a.test"]);
    gateway.engine.certify((await readCertificates(folder.path)).certificates);
    await using before = await TlsClient.open(gateway.tlsPort, "a.test");
    const first = before.socket.getPeerCertificate().fingerprint256;
    selfSigned(folder.path, "a", ["a.test"]);
    gateway.engine.certify((await readCertificates(folder.path)).certificates);
    await using after = await TlsClient.open(gateway.tlsPort, "a.test");
    assert.notEqual(after.socket.getPeerCertificate().fingerprint256, first);
    gateway.engine.certify([]);
    for (const client of [before, after]) {
      client.socket.write(get("a.test"));
      await eventually(() => client.text.includes("200 OK"));
    }
  });

  test("a name that is claimed for TLS is passed through, certificate or not", async () => {
    using folder = new TemporaryDirectory();
    selfSigned(folder.path, "a", ["a.test"]);
    const { certificates } = await readCertificates(folder.path);
    await using passed = await TcpReplica.start((socket) => void socket.write("passed"));
    await using web = await answering(saying("web"));
    await using gateway = await GatewayFixture.start([
      { replicas: [passed.port], hosts: { tls: ["a.test"] } },
      { replicas: [web.port], hosts: { http: ["a.test"] } },
    ]);
    gateway.engine.certify(certificates);
    await using client = await TcpClient.open(gateway.tlsPort);
    client.socket.write(helloFor("a.test"));
    await eventually(() => client.text === "passed");
  });
});

suite("names that are claimed for HTTP and for TLS", { skip: isMissing("openssl") }, () => {
  test("the closer claim has a name that there is a certificate for; without one its TLS is passed through", async () => {
    using folder = new TemporaryDirectory();
    selfSigned(folder.path, "own", ["shop.a.test", "x.b.test", "deep.b.test"]);
    await using passed = await TcpReplica.start((socket) => void socket.write("passed"));
    await using web = await answering(saying("web"));
    await using gateway = await GatewayFixture.start([
      { replicas: [passed.port], hosts: { tls: ["*.a.test", "deep.b.test"], tlsDefault: true } },
      { replicas: [web.port], hosts: { http: ["shop.a.test", "bare.a.test", "*.b.test"] } },
    ]);
    gateway.engine.certify((await readCertificates(folder.path)).certificates);
    for (const name of ["shop.a.test", "x.b.test"]) {
      await using client = await TlsClient.open(gateway.tlsPort, name);
      client.socket.write(get(name));
      await eventually(() => client.text.endsWith("web"));
    }
    for (const name of ["other.a.test", "bare.a.test", "deep.b.test", "none.test"]) {
      await using client = await TcpClient.open(gateway.tlsPort);
      client.socket.write(helloFor(name));
      await eventually(() => client.text === "passed", { what: name });
    }
  });
});

suite("TLS that should end here and does not come to that", { skip: isMissing("openssl") }, () => {
  test("a certificate without a claim is nobody's, and a handshake that stalls or fails ends in time", async () => {
    using folder = new TemporaryDirectory();
    selfSigned(folder.path, "a", ["a.test", "free.test"]);
    const { certificates } = await readCertificates(folder.path);
    await using web = await answering(saying("web"));
    await using gateway = await GatewayFixture.start(
      [{ replicas: [web.port], hosts: { http: ["a.test"] } }],
      { helloTimeoutMs: 200 },
    );
    gateway.engine.certify(certificates);
    await using free = await TcpClient.open(gateway.tlsPort);
    free.socket.write(helloFor("free.test"));
    await eventually(() => free.received.equals(Buffer.from([21, 3, 1, 0, 2, 2, 112])));
    // Sound to our reader, but no hello that a server can answer.
    await using broken = await TcpClient.open(gateway.tlsPort);
    broken.socket.write(helloFor("a.test"));
    await eventually(() => broken.closed || broken.ended);
    assert.equal(gateway.noted(1, "handshake"), 1);
    await eventually(() => gateway.engine.connectionCount === 0);
  });

  test("bytes that are no TLS after the handshake end the connection", async () => {
    using folder = new TemporaryDirectory();
    selfSigned(folder.path, "a", ["a.test"]);
    const { certificates } = await readCertificates(folder.path);
    await using web = await answering(saying("web"));
    await using gateway = await GatewayFixture.start([
      { replicas: [web.port], hosts: { http: ["a.test"] } },
    ]);
    gateway.engine.certify(certificates);
    await using raw = await TcpClient.open(gateway.tlsPort);
    const wire = new Duplex({
      read: () => undefined,
      write: (bytes: Buffer, _, done) => void raw.socket.write(bytes, () => done()),
    });
    raw.socket.on("data", (bytes: Buffer) => wire.push(bytes));
    const client = connect({ socket: wire, servername: "a.test", rejectUnauthorized: false });
    client.on("error", () => undefined);
    await once(client, "secureConnect");
    await eventually(() => gateway.noted(1, "terminated") === 1);
    raw.socket.write(Buffer.from([23, 3, 3, 0, 5, 1, 2, 3, 4, 5]));
    await eventually(() => raw.closed || raw.ended);
    await eventually(() => gateway.engine.connectionCount === 0);
    client.destroy();
  });

  test("a handshake that is not gone on with ends in time, and at once when all must end", async () => {
    using folder = new TemporaryDirectory();
    selfSigned(folder.path, "a", ["a.test"]);
    const { certificates } = await readCertificates(folder.path);
    await using web = await answering(saying("web"));
    for (const helloTimeoutMs of [200, 60_000]) {
      await using gateway = await GatewayFixture.start(
        [{ replicas: [web.port], hosts: { http: ["a.test"] } }],
        { helloTimeoutMs },
      );
      gateway.engine.certify(certificates);
      await using client = await TcpClient.open(gateway.tlsPort);
      client.socket.write(await realHello({ servername: "a.test" }));
      await eventually(() => client.received.length > 100);
      if (helloTimeoutMs > 1000) gateway.engine.abort("killed");
      await eventually(() => client.closed || client.ended);
      await eventually(() => gateway.engine.connectionCount === 0);
    }
  });

  test("a request of a client whose TLS ends here is cut off without an end that looks whole", async () => {
    using folder = new TemporaryDirectory();
    selfSigned(folder.path, "a", ["a.test"]);
    const { certificates } = await readCertificates(folder.path);
    await using replica = await answering((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
      setImmediate(() => socket.resetAndDestroy());
    });
    await using gateway = await GatewayFixture.start([
      { replicas: [replica.port], hosts: { http: ["a.test"] } },
    ]);
    gateway.engine.certify(certificates);
    const { tlsPort } = gateway;
    const args = ["s_client", "-connect", `127.0.0.1:${tlsPort}`, "-servername", "a.test"];
    const client = spawn("openssl", args, { stdio: ["pipe", "ignore", "pipe"] });
    client.stdin.on("error", () => undefined);
    client.stdin.write(get("a.test"));
    let complaints = "";
    client.stderr.on("data", (bytes: Buffer) => (complaints += bytes.toString()));
    await once(client, "close");
    assert.match(complaints, /unexpected eof/);
    await eventually(() => gateway.engine.connectionCount === 0);
  });
});
