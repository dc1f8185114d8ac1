import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { suite, test } from "node:test";
import { promisify } from "node:util";
import type { EngineChange } from "../../src/engine/route.ts";
import { eventually } from "../support/eventually.ts";
import { GatewayFixture } from "../support/gateway-fixture.ts";
import { answering, ask, saying } from "../support/http-exchange.ts";
import { RecordingReplica } from "../support/http-replica.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { echo, TcpReplica } from "../support/tcp-replica.ts";
import { isMissing } from "../support/real-server.ts";

const run = promisify(execFile);

function get(host: string, target = "/"): string {
  return `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
}

async function bodyFor(port: number, host: string, target = "/"): Promise<string> {
  await using client = await ask(port, get(host, target));
  const [head = "", body = ""] = client.text.split("\r\n\r\n");
  return `${head.split(" ")[1]} ${body}`;
}

const routing: readonly { host: string; want: string }[] = [
  { host: "a.test", want: "200 exact" },
  { host: "A.TEST", want: "200 exact" },
  { host: "a.test.", want: "200 exact" },
  { host: "a.test:8080", want: "200 exact" },
  { host: "b.wild.test", want: "200 wild" },
  { host: "x.y.wild.test", want: "200 wild" },
  { host: "x.deep.wild.test", want: "200 deep" },
  { host: "one.wild.test", want: "200 exact" },
  { host: "wild.test", want: "503 unknown-host\n" },
  { host: "xwild.test", want: "503 unknown-host\n" },
  { host: "b.wild.test.evil", want: "503 unknown-host\n" },
  { host: "a.test.evil", want: "503 unknown-host\n" },
  { host: "xn--bcher-kva.test", want: "200 exact" },
  { host: "127.0.0.1", want: "503 unknown-host\n" },
  { host: "[::1]:80", want: "503 unknown-host\n" },
  { host: "constructor", want: "503 unknown-host\n" },
  { host: "__proto__", want: "503 unknown-host\n" },
  { host: "a.test, b.test", want: "400 bad-host\n" },
  { host: "a.test/x", want: "400 bad-host\n" },
  { host: "", want: "400 bad-host\n" },
];

test("a request goes to the service of its host, whatever mode its own port has", async () => {
  await using exact = await answering(saying("exact"));
  await using wild = await answering(saying("wild"));
  await using deep = await answering(saying("deep"));
  await using gateway = await GatewayFixture.start([
    {
      replicas: [exact.port],
      hosts: { http: ["a.test", "one.wild.test", "xn--bcher-kva.test"] },
      mode: "http",
    },
    { replicas: [wild.port], hosts: { http: ["*.wild.test"] } },
    { replicas: [deep.port], hosts: { http: ["*.deep.wild.test"] } },
  ]);
  for (const { host, want } of routing) {
    assert.equal(await bodyFor(gateway.httpPort, host), want, host);
  }
  assert.equal(gateway.noted(0, "unknown-host"), 8);
});

test("a default takes what nobody claims, and a load balancer's question is answered by us only without one", async () => {
  await using other = await answering(saying("other"));
  await using gateway = await GatewayFixture.start([]);
  const { httpPort: port } = gateway;
  assert.equal(await bodyFor(port, "lb", "/_status"), "200 OK\n");
  assert.equal(await bodyFor(port, "lb", "/_status?x=1"), "200 OK\n");
  assert.equal(await bodyFor(port, "lb", "/_statusx"), "503 unknown-host\n");
  await gateway.serveGuest({ replicas: [other.port], hosts: { httpDefault: true } });
  assert.equal(await bodyFor(port, "lb"), "200 other");
  assert.equal(await bodyFor(port, "lb", "/_status"), "200 other");
});

test("one connection asks several hosts, each answered by its own service, and names move with the table, in one step", async () => {
  await using one = await answering(saying("one"));
  await using two = await answering(saying("two"));
  await using gateway = await GatewayFixture.start([]);
  const first = await gateway.serveGuest({ replicas: [one.port], hosts: { http: ["one.test"] } });
  const second = await gateway.serveGuest({ replicas: [two.port], hosts: { http: ["two.test"] } });
  await using client = await TcpClient.open(gateway.httpPort);
  const said = async (host: string): Promise<string> => {
    const before = client.text.length;
    client.socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    return await eventually(() => /\r\n\r\n(one|two)$/.exec(client.text.slice(before))?.[1]);
  };
  assert.deepEqual([await said("one.test"), await said("two.test")], ["one", "two"]);
  // Both swap by one set of changes, and the connection goes on; there is no moment at which a name is nobody's or both are one's.
  const having = (host: string, port: number, replica: number): EngineChange => {
    const service = { replicas: [replica], hosts: { http: [host] } };
    return { kind: "set", route: gateway.routeOf(port, service) };
  };
  for (const [ofFirst, ofSecond] of [
    ["two.test", "one.test"],
    ["one.test", "two.test"],
    ["two.test", "one.test"],
  ] as const) {
    const swap = [having(ofFirst, first, one.port), having(ofSecond, second, two.port)];
    const swapped = gateway.engine.apply(swap);
    // Also while it is under way.
    assert.deepEqual([await said(ofFirst), await said(ofSecond)], ["one", "two"]);
    await swapped;
    assert.deepEqual([await said(ofSecond), await said(ofFirst)], ["two", "one"]);
  }
  await gateway.engine.apply([{ kind: "remove", key: `tcp/${first}` }]);
  client.socket.write("GET / HTTP/1.1\r\nHost: two.test\r\n\r\n");
  await eventually(() => client.text.includes("503") && client.ended);
});

test("the replica learns where the request came from, and a client's own word counts only from this host", async () => {
  await using replica = await RecordingReplica.start();
  await using gateway = await GatewayFixture.start([
    { replicas: [replica.port], hosts: { http: ["a.test"] } },
  ]);
  await using client = await ask(
    gateway.httpPort,
    "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
  );
  assert.match(client.text, /^HTTP\/1\.1 200/);
  const [request = ""] = replica.requests;
  assert.match(request, /\r\nX-Forwarded-For: 127\.0\.0\.1\r\n/);
  assert.match(request, /\r\nX-Forwarded-Proto: http\r\n/);
  assert.match(request, /\r\nX-Forwarded-Host: a\.test\r\n/);
  assert.ok(request.includes(`\r\nX-Forwarded-Port: ${gateway.httpPort}\r\n`));
});

test("behind a PROXY header the client is whom it names, and its own X-Forwarded-For is not believed", async () => {
  await using replica = await RecordingReplica.start();
  await using gateway = await GatewayFixture.start(
    [{ replicas: [replica.port], hosts: { http: ["a.test"] } }],
    { acceptProxy: true, headerSources: ["127.0.0.0/8"] },
  );
  const request =
    "GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-For: 6.6.6.6\r\nConnection: close\r\n\r\n";
  const header = "PROXY TCP4 203.0.113.7 192.0.2.1 4000 80\r\n";
  await using client = await ask(gateway.httpPort, header + request);
  assert.match(client.text, /^HTTP\/1\.1 200/);
  assert.match(replica.text, /\r\nX-Forwarded-For: 203\.0\.113\.7\r\n/);
  assert.doesNotMatch(replica.text, /6\.6\.6\.6/);
  await using silent = await ask(gateway.httpPort, request);
  assert.equal(silent.text, "");
});

test("a header from where none is believed is refused with its connection", async () => {
  await using gateway = await GatewayFixture.start([], {
    acceptProxy: true,
    headerSources: ["10.0.0.0/8"],
  });
  await using client = new TcpClient(gateway.httpPort);
  await eventually(() => client.closed);
  assert.equal(client.error?.code, "ECONNRESET");
});

test("a service keeps out whom it denies, on the gateway as on its own port", async () => {
  await using replica = await answering(saying("in"));
  await using gateway = await GatewayFixture.start([
    { replicas: [replica.port], hosts: { http: ["a.test"] }, policy: { deny: ["127.0.0.1"] } },
  ]);
  assert.equal(await bodyFor(gateway.httpPort, "a.test"), "403 denied\n");
});

test("a request loses its replica when its service wants nothing left on one that is down", async () => {
  await using silent = await TcpReplica.start(() => undefined);
  await using gateway = await GatewayFixture.start([]);
  const service = {
    replicas: [silent.port],
    hosts: { http: ["a.test"] },
    policy: { closeOnDown: true },
  };
  const port = await gateway.serveGuest(service);
  await using client = await TcpClient.open(gateway.httpPort);
  client.socket.write(get("a.test"));
  await eventually(() => silent.sockets.length === 1 && gateway.load(1) === 1);
  const route = gateway.routeOf(port, service);
  const down = route.replicas.map((replica) => ({ ...replica, state: "down" as const }));
  await gateway.engine.apply([{ kind: "set", route: { ...route, replicas: down } }]);
  await eventually(() => client.text.startsWith("HTTP/1.1 502") && client.ended);
  assert.equal(gateway.load(1), 0);
});

test("TLS on the HTTP port is refused at once and reaches nobody (S08)", async () => {
  await using replica = await TcpReplica.start(echo);
  await using gateway = await GatewayFixture.start([
    { replicas: [replica.port], hosts: { httpDefault: true } },
  ]);
  await using client = await ask(gateway.httpPort, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
  assert.match(client.text, /^HTTP\/1\.1 400 /);
  assert.equal(replica.sockets.length, 0);
});

test("a change of protocol makes a tunnel through the gateway", async () => {
  await using replica = await answering((socket) => {
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
    socket.removeAllListeners("data");
    echo(socket);
  });
  await using gateway = await GatewayFixture.start([
    { replicas: [replica.port], hosts: { http: ["ws.test"] } },
  ]);
  await using client = await TcpClient.open(gateway.httpPort);
  client.socket.write(
    "GET / HTTP/1.1\r\nHost: ws.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  );
  await eventually(() => client.text.includes("\r\n\r\n"));
  client.socket.write("hello");
  await eventually(() => client.text.endsWith("hello"));
});

test("the gateway listens again for nobody once it has stopped, and running requests end first", async () => {
  await using held = await TcpReplica.start(() => undefined);
  await using gateway = await GatewayFixture.start([
    { replicas: [held.port], hosts: { http: ["a.test"] } },
  ]);
  await using client = await TcpClient.open(gateway.httpPort);
  client.socket.write("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  await eventually(() => held.sockets.length === 1);
  await gateway.engine.stopAccepting();
  await assert.rejects(TcpClient.open(gateway.httpPort));
  held.sockets[0]?.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  await eventually(() => client.text.endsWith("ok") && client.ended);
  await eventually(() => gateway.engine.connectionCount === 0);
});

suite("curl", { skip: isMissing("curl") }, () => {
  test("names hosts by address and by header", async () => {
    await using replica = await answering(saying("from a"));
    await using gateway = await GatewayFixture.start([
      { replicas: [replica.port], hosts: { http: ["a.test"] } },
    ]);
    const url = `http://a.test:${gateway.httpPort}/`;
    const resolve = `a.test:${gateway.httpPort}:127.0.0.1`;
    const { stdout } = await run("curl", ["-sS", "--noproxy", "*", "--resolve", resolve, url]);
    assert.equal(stdout, "from a");
  });
});
