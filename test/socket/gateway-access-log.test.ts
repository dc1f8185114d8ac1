import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccessRecord } from "../../src/model/access.ts";
import { EngineFixture } from "../support/engine-fixture.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { GatewayFixture } from "../support/gateway-fixture.ts";
import { answering, ask, get, saying } from "../support/http-exchange.ts";
import { HttpFixture } from "../support/http-fixture.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { echo, TcpReplica } from "../support/tcp-replica.ts";
import { helloFor } from "../fixtures/tls-hello/build.ts";

/** Keeps what is noted. */
class Notes {
  readonly records: AccessRecord[] = [];
  note(record: AccessRecord): void {
    this.records.push(record);
  }
}

test("each request is one line with its replica, its times and its bytes; others' services have none", async () => {
  const access = new Notes();
  await using replica = await answering(saying("hello"));
  const hosts = { http: ["a.test"] };
  await using gateway = await GatewayFixture.start(
    [
      { replicas: [replica.port], hosts, policy: { accessLog: true } },
      { replicas: [replica.port], hosts: { http: ["quiet.test"] } },
    ],
    { accessLog: true },
    { access },
  );
  await using client = await ask(gateway.httpPort, get("/one?q=1") + get("/two"), (text) =>
    /hello.*hello/s.test(text),
  );
  await using quiet = await ask(
    gateway.httpPort,
    "GET / HTTP/1.1\r\nHost: quiet.test\r\nConnection: close\r\n\r\n",
  );
  assert.match(quiet.text, /hello$/);
  await using unknown = await ask(gateway.httpPort, "GET /x HTTP/1.1\r\nHost: nobody\r\n\r\n");
  await using broken = await ask(gateway.httpPort, "NONSENSE\r\n\r\n");
  assert.match(unknown.text + broken.text, /503 .*400 /s);
  const [one, two, nobody, nonsense, ...others] = await eventually(
    () => access.records.length >= 4 && access.records,
  );
  assert.deepEqual(others, []);
  assert.equal(one?.replica, `127.0.0.1:${replica.port}`);
  assert.equal(one.frontend, "gateway/http");
  assert.equal(one.client.host, "127.0.0.1");
  assert.equal(one.client.port, client.socket.localPort);
  assert.deepEqual(one.request, {
    method: "GET",
    target: "/one?q=1",
    host: "a.test",
    version: "HTTP/1.1",
    status: 200,
  });
  assert.ok(one.sent > 5 && one.received > 10 && one.connectMs >= 0 && one.responseMs >= 0);
  assert.equal(two?.request?.target, "/two");
  assert.deepEqual([nobody?.service, nobody?.request?.status], [undefined, 503]);
  assert.deepEqual([nonsense?.request?.method, nonsense?.request?.status], ["<BADREQ>", 400]);
});

test("a request, or a connection, whose replicas all fail is a line that names the last of them", async () => {
  const access = new Notes();
  const dead = [await freePort(), await freePort()];
  await using proxy = await HttpFixture.start(dead, { accessLog: true }, { access });
  await using client = await ask(proxy.port, get());
  assert.match(client.text, /^HTTP\/1\.1 502/);
  const [line] = await eventually(() => access.records.length === 1 && access.records);
  assert.deepEqual([line?.outcome, line?.retries, line?.connectMs], ["upstream-refused", 1, -1]);
  // Which of the two comes first is chance.
  assert.ok(dead.some((port) => line?.replica === `127.0.0.1:${port}`));
  assert.equal(line?.sent, client.received.length);

  const port = await freePort();
  await using plain = new EngineFixture({ access });
  await plain.serve(port, dead, { accessLog: true });
  await using refused = await TcpClient.open(port);
  await eventually(() => refused.closed);
  const [, connection] = await eventually(() => access.records.length === 2 && access.records);
  assert.deepEqual([connection?.outcome, connection?.retries], ["upstream-refused", 1]);
  assert.ok(dead.some((one) => connection?.replica === `127.0.0.1:${one}`));
});

test("a connection is one line with its bytes, also when it was passed on by its hello", async () => {
  const access = new Notes();
  await using replica = await TcpReplica.start(echo);
  await using gateway = await GatewayFixture.start([], {}, { access });
  const service = { replicas: [replica.port], hosts: { tls: ["a.test"] } };
  const port = await gateway.serveGuest({ ...service, policy: { accessLog: true } });
  const clientPorts: number[] = [];
  for (const [to, bytes] of [
    [port, Buffer.from("hello")],
    [gateway.tlsPort, helloFor("a.test")],
  ] as const) {
    await using client = await TcpClient.open(to);
    client.socket.write(bytes);
    await eventually(() => client.received.equals(bytes));
    clientPorts.push(client.socket.localPort ?? 0);
    client.socket.end();
    await eventually(() => client.closed);
  }
  const [own, passed] = await eventually(() => access.records.length === 2 && access.records);
  const clients = [own?.client, passed?.client];
  assert.deepEqual(
    clients,
    clientPorts.map((clientPort) => ({ host: "127.0.0.1", port: clientPort })),
  );
  const size = helloFor("a.test").length;
  assert.deepEqual([own?.frontend, own?.received, own?.sent], [`tcp/${port}`, 5, 5]);
  assert.deepEqual([passed?.frontend, passed?.received, passed?.sent], ["gateway/tls", size, size]);
  assert.deepEqual(
    [own?.request, own?.outcome, passed?.service],
    [undefined, "completed", `tcp/${port}`],
  );
});
