import assert from "node:assert/strict";
import { test } from "node:test";
import { EngineFixture, toUdpRoute } from "../support/engine-fixture.ts";
import { eventually } from "../support/eventually.ts";
import { freePortOfBoth, UdpClient } from "../support/udp-client.ts";
import { namedDatagram, UdpReplica } from "../support/udp-replica.ts";

test("in packet mode each datagram is balanced on its own, and each replica has one socket per client", async () => {
  await using one = await UdpReplica.start(namedDatagram("one"));
  await using two = await UdpReplica.start(namedDatagram("two"));
  await using proxy = new EngineFixture();
  const port = await freePortOfBoth();
  await proxy.serveUdp(port, [one.port, two.port], { datagrams: "packet", balance: "roundrobin" });
  await using client = await UdpClient.open(port);
  for (let round = 0; round < 10; round += 1) await client.ask("who");
  assert.equal(client.texts.filter((text) => text === "one").length, 5);
  assert.equal(client.texts.filter((text) => text === "two").length, 5);
  assert.equal(proxy.count("sessionsActive"), 2);
  assert.deepEqual([proxy.load(1), proxy.load(2)], [1, 1]);
});

test("in multicast mode every replica gets every datagram, and all their answers come back", async () => {
  await using one = await UdpReplica.start(namedDatagram("one"));
  await using two = await UdpReplica.start(namedDatagram("two"));
  await using three = await UdpReplica.start(namedDatagram("three"));
  await using proxy = new EngineFixture();
  const port = await freePortOfBoth();
  await proxy.serveUdp(port, [one.port, two.port, three.port], { datagrams: "multicast" });
  await using client = await UdpClient.open(port);
  client.send("all");
  await eventually(() => client.received.length === 3);
  client.send("again");
  await eventually(() => client.received.length === 6);
  assert.deepEqual(client.texts.slice(0, 3).toSorted(), ["one", "three", "two"]);
  for (const replica of [one, two, three]) {
    assert.deepEqual(replica.received.map(String), ["all", "again"]);
  }
  assert.equal(proxy.count("datagramsIn"), 2);
  await proxy.serveUdp(port, [one.port], { datagrams: "multicast" });
  assert.deepEqual(proxy.endedSessions, { "replica-lost": 2 });
  client.send("one left");
  await eventually(() => one.received.length === 3);
  assert.equal(two.received.length, 2);
});

test("weights share out clients", async () => {
  await using one = await UdpReplica.start(namedDatagram("one"));
  await using two = await UdpReplica.start(namedDatagram("two"));
  await using proxy = new EngineFixture();
  const port = await freePortOfBoth();
  const route = toUdpRoute(port, [one.port, two.port], { balance: "roundrobin" });
  const replicas = route.replicas.map((replica, index) => ({
    ...replica,
    weight: index === 0 ? 300 : 100,
  }));
  await proxy.engine.apply([{ kind: "set", route: { ...route, replicas } }]);
  await using stack = new AsyncDisposableStack();
  const answers: string[] = [];
  for (let index = 0; index < 8; index += 1) {
    const client = stack.use(await UdpClient.open(port));
    answers.push(String(await client.ask("who")));
  }
  assert.equal(answers.filter((name) => name === "one").length, 6);
});
