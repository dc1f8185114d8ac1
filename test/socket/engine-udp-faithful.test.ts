import assert from "node:assert/strict";
import { test } from "node:test";
import { EngineFixture, toUdpRoute } from "../support/engine-fixture.ts";
import { eventually } from "../support/eventually.ts";
import { noIPv6 } from "../support/no-ipv6.ts";
import { freePortOfBoth, UdpClient } from "../support/udp-client.ts";
import { echoDatagram, namedDatagram, UdpReplica } from "../support/udp-replica.ts";

test("a session begins with a PROXY header of version 2 that names the client, and each replica gets one", async () => {
  await using one = await UdpReplica.start(echoDatagram);
  await using two = await UdpReplica.start(echoDatagram);
  await using proxy = new EngineFixture();
  const port = await freePortOfBoth();
  await proxy.serveUdp(port, [one.port], { sendProxy: 2 });
  await using client = await UdpClient.open(port);
  await client.ask("first");
  await client.ask("second");
  const header = headerOf(client.port, port);
  assert.deepEqual(one.received, [
    Buffer.concat([header, Buffer.from("first")]),
    Buffer.from("second"),
  ]);
  await proxy.serveUdp(port, [two.port], { sendProxy: 2 });
  await client.ask("third");
  assert.deepEqual(two.received, [Buffer.concat([header, Buffer.from("third")])]);
});

test("what does not fit with its PROXY header is dropped and counted, and the session lives (U02)", async () => {
  await using replica = await UdpReplica.start(echoDatagram);
  await using proxy = new EngineFixture();
  const port = await freePortOfBoth();
  await proxy.serveUdp(port, [replica.port], { sendProxy: 2 });
  await using client = await UdpClient.open(port);
  client.send(Buffer.alloc(65_507));
  await eventually(() => proxy.dropped["too-big"] === 1);
  await client.ask("small");
  assert.deepEqual(replica.received, [
    Buffer.concat([headerOf(client.port, port), Buffer.from("small")]),
  ]);
  assert.equal(proxy.count("sessions"), 1);
});

test("IPv6 clients reach IPv4 replicas, and the other way round", { skip: noIPv6() }, async () => {
  await using four = await UdpReplica.start(namedDatagram("four"));
  await using six = await UdpReplica.start(namedDatagram("six"), 0, "::1");
  await using proxy = new EngineFixture({ bindHosts: ["127.0.0.1", "::1"] });
  const port = await freePortOfBoth();
  await proxy.serveUdp(port, [four.port]);
  await using byFour = await UdpClient.open(port);
  await using bySix = await UdpClient.open(port, { host: "::1" });
  assert.equal(String(await bySix.ask("who")), "four");
  assert.equal(String(await byFour.ask("who")), "four");
  assert.deepEqual([...bySix.sources], [`::1:${port}`]);
  const route = toUdpRoute(port, [six.port]);
  const replicas = route.replicas.map((replica) => {
    return { ...replica, key: `[::1]:${six.port}`, address: { host: "::1", port: six.port } };
  });
  await proxy.engine.apply([{ kind: "set", route: { ...route, replicas } }]);
  assert.equal(String(await byFour.ask("who")), "six");
  assert.equal(String(await bySix.ask("who")), "six");
});

test("two clients of one port number and different addresses are two", async () => {
  await using replica = await UdpReplica.start(echoDatagram);
  await using proxy = new EngineFixture({ bindHosts: ["127.0.0.1", "127.0.0.3"] });
  const port = await freePortOfBoth();
  await proxy.serveUdp(port, [replica.port]);
  await using one = await UdpClient.open(port, { from: "127.0.0.1" });
  await using two = await UdpClient.open(port, { from: "127.0.0.2", fromPort: one.port });
  await using three = await UdpClient.open(port, { from: "127.0.0.4", host: "127.0.0.3" });
  for (const [name, client] of Object.entries({ one, two, three })) {
    assert.equal(String(await client.ask(name)), name);
  }
  assert.deepEqual([one.texts, two.texts, three.texts], [["one"], ["two"], ["three"]]);
  assert.deepEqual([...three.sources], [`127.0.0.3:${port}`]);
  assert.equal(replica.sources.size, 3);
});

test("a port that is taken is reported, and served once it is free", async () => {
  await using replica = await UdpReplica.start(echoDatagram);
  const squatter = await UdpReplica.start(() => undefined);
  await using proxy = new EngineFixture({ random: () => 0 });
  await proxy.serveUdp(squatter.port, [replica.port]);
  const [report] = proxy.reports;
  assert.deepEqual(report, {
    kind: "bind-failed",
    key: `udp/${squatter.port}`,
    address: { host: "127.0.0.1", port: squatter.port },
    code: "EADDRINUSE",
  });
  await squatter[Symbol.asyncDispose]();
  await eventually(() => proxy.reports.some(({ kind }) => kind === "listening"));
  await using client = await UdpClient.open(squatter.port);
  assert.equal(String(await client.ask("hello")), "hello");
});

test("the kernel's buffer is asked to be large, and what is granted is reported", async () => {
  await using proxy = new EngineFixture();
  await proxy.serveUdp(await freePortOfBoth(), []);
  const report = proxy.reports.find(({ kind }) => kind === "listening");
  assert.ok(report?.kind === "listening");
  assert.ok((report.receiveBuffer ?? 0) > 0);
});

test("a replica that cannot even be sent to loses its client to another", async () => {
  await using alive = await UdpReplica.start(namedDatagram("alive"));
  await using proxy = new EngineFixture();
  const port = await freePortOfBoth();
  const route = toUdpRoute(port, [alive.port, alive.port], { balance: "first" });
  // 255.255.255.255 needs a right that our sockets do not ask for: connect fails.
  const replicas = route.replicas.map((replica, index) =>
    index === 0 ? { ...replica, key: "0", address: { host: "255.255.255.255", port: 9 } } : replica,
  );
  await proxy.engine.apply([{ kind: "set", route: { ...route, replicas } }]);
  await using client = await UdpClient.open(port);
  client.send("who");
  await eventually(() => client.received.length > 0 || Object.keys(proxy.dropped).length > 0);
  assert.deepEqual([client.texts, proxy.dropped], [["alive"], {}]);
});

/** From `from` to `to`, both on 127.0.0.1 [proxy-protocol §2.2]: command PROXY, family IPv4, transport DGRAM. */
function headerOf(from: number, to: number): Buffer {
  const header = Buffer.from("0d0a0d0a000d0a515549540a2112000c7f0000017f00000100000000", "hex");
  header.writeUInt16BE(from, 24);
  header.writeUInt16BE(to, 26);
  return header;
}
