import assert from "node:assert/strict";
import { test } from "node:test";
import { EngineFixture, toUdpRoute } from "../support/engine-fixture.ts";
import { eventually } from "../support/eventually.ts";
import { Baseline } from "../support/invariants.ts";
import { freePortOfBoth, orderedUdpPorts, UdpClient } from "../support/udp-client.ts";
import { echoDatagram, namedDatagram, UdpReplica } from "../support/udp-replica.ts";

test("datagrams of every size go through unchanged, the empty one too (U01)", async () => {
  await using replica = await UdpReplica.start(echoDatagram);
  await using _ = await Baseline.take();
  await using proxy = new EngineFixture();
  const port = await freePortOfBoth();
  await proxy.serveUdp(port, [replica.port]);
  await using client = await UdpClient.open(port);
  for (const size of [0, 1, 1472, 1473, 9000, 65_507]) {
    const message = Buffer.alloc(size, size % 251);
    const answer = await client.ask(message);
    assert.ok(answer.equals(message), `${size} bytes came back as ${answer.length}`);
  }
  assert.deepEqual([...client.sources], [`127.0.0.1:${port}`], "answers come from the service");
  assert.equal(replica.sources.size, 1, "one session is one source port");
  assert.equal(proxy.count("datagramsIn"), 6);
  assert.equal(proxy.count("datagramsOut"), 6);
  assert.equal(proxy.received, proxy.sent);
  assert.deepEqual(proxy.dropped, {});
});

test("a client stays on one replica, and clients are balanced over all", async () => {
  await using one = await UdpReplica.start(namedDatagram("one"));
  await using two = await UdpReplica.start(namedDatagram("two"));
  await using proxy = new EngineFixture();
  const port = await freePortOfBoth();
  await proxy.serveUdp(port, [one.port, two.port], { balance: "leastconn" });
  await using first = await UdpClient.open(port);
  await using second = await UdpClient.open(port);
  for (let round = 0; round < 5; round += 1) {
    await first.ask("who");
    await second.ask("who");
  }
  assert.equal(new Set(first.texts).size, 1);
  assert.equal(new Set(second.texts).size, 1);
  assert.notEqual(first.texts[0], second.texts[0]);
  assert.equal(proxy.load(1) + proxy.load(2), 2);
});

test("a session ends when nothing moves, its socket is closed, and the next datagram opens a new one (U05)", async () => {
  await using replica = await UdpReplica.start(echoDatagram);
  await using proxy = new EngineFixture();
  const port = await freePortOfBoth();
  await proxy.serveUdp(port, [replica.port], { sessionIdleMs: 100 });
  await using client = await UdpClient.open(port);
  {
    await using _ = await Baseline.take();
    await client.ask("first");
    await eventually(() => proxy.endedSessions.idle === 1);
  }
  assert.equal(proxy.load(1), 0);
  await client.ask("second");
  assert.equal(replica.sources.size, 2, "from a port of its own");
  assert.equal(proxy.count("sessions"), 2);
  assert.ok(proxy.sessionsBalanced);
});

test("the session of a replica that leaves moves on with the next datagram (U10)", async () => {
  await using one = await UdpReplica.start(namedDatagram("one"));
  await using two = await UdpReplica.start(namedDatagram("two"));
  await using proxy = new EngineFixture();
  const port = await freePortOfBoth();
  await proxy.serveUdp(port, [one.port]);
  await using client = await UdpClient.open(port);
  assert.equal(String(await client.ask("who")), "one");
  await proxy.serveUdp(port, [two.port]);
  assert.equal(String(await client.ask("who")), "two");
  assert.equal(proxy.count("sessionsActive"), 1, "it is the same session");
});

test("the session of a replica that goes down moves on, that of a draining one stays to its deadline", async () => {
  const [oneAt, twoAt] = await orderedUdpPorts(2);
  await using one = await UdpReplica.start(namedDatagram("one"), oneAt);
  await using two = await UdpReplica.start(namedDatagram("two"), twoAt);
  await using proxy = new EngineFixture();
  const port = await freePortOfBoth();
  const route = toUdpRoute(port, [one.port, two.port], { balance: "first", drainMs: 300 });
  const [first, second] = route.replicas;
  assert.ok(first !== undefined && second !== undefined);
  const set = (replicas: typeof route.replicas): Promise<void> =>
    proxy.engine.apply([{ kind: "set", route: { ...route, replicas } }]);
  await set([first, second]);
  await using client = await UdpClient.open(port);
  assert.equal(String(await client.ask("who")), "one");
  await set([{ ...first, state: "draining" }, second]);
  assert.equal(String(await client.ask("who")), "one");
  // A datagram that is under way at the deadline gets no answer: the next one does.
  const answeredBy = (name: string): Promise<boolean> =>
    eventually(() => {
      client.send("who");
      return client.texts.at(-1) === name;
    });
  await answeredBy("two");
  await set([first, { ...second, state: "down" }]);
  await answeredBy("one");
});

test("a replica that refuses loses its client to another at the next datagram, and is ejected after three (U03, U04)", async () => {
  const [dead = 0, second] = await orderedUdpPorts(2);
  await using alive = await UdpReplica.start(namedDatagram("alive"), second);
  await using proxy = new EngineFixture();
  const port = await freePortOfBoth();
  await proxy.serveUdp(port, [dead, alive.port], { balance: "first" });
  for (let round = 0; round < 3; round += 1) {
    await using client = await UdpClient.open(port);
    client.send("lost");
    await eventually(() => (proxy.dropped.refused ?? 0) === round + 1);
    assert.equal(String(await client.ask("again")), "alive");
  }
  assert.equal(proxy.retries, 3);
  const ejected = proxy.reports.filter(({ kind }) => kind === "ejected");
  assert.equal(ejected.length, 1);
  await using later = await UdpClient.open(port);
  assert.equal(String(await later.ask("who")), "alive", "nothing more is lost to it");
});

test("what comes in a burst behind a refused datagram is sent to another replica, not lost", async () => {
  const [dead = 0, second] = await orderedUdpPorts(2);
  await using alive = await UdpReplica.start(echoDatagram, second);
  await using proxy = new EngineFixture();
  const port = await freePortOfBoth();
  await proxy.serveUdp(port, [dead, alive.port], { balance: "first" });
  await using client = await UdpClient.open(port);
  for (let index = 0; index < 20; index += 1) client.send(`message ${index}`);
  await eventually(() => client.received.length >= 18);
  assert.equal(client.texts.at(-1), "message 19");
});

test("when the only replica refuses, it is tried again with the next datagram", async () => {
  const dead = await freePortOfBoth();
  await using proxy = new EngineFixture();
  const port = await freePortOfBoth();
  await proxy.serveUdp(port, [dead]);
  await using client = await UdpClient.open(port);
  client.send("lost");
  await eventually(() => proxy.dropped.refused === 1);
  await using _ = await UdpReplica.start(echoDatagram, dead);
  assert.equal(String(await client.ask("hello")), "hello");
});

test("without a replica datagrams are dropped and counted, and open no session (U11)", async () => {
  await using proxy = new EngineFixture();
  const port = await freePortOfBoth();
  await proxy.serveUdp(port, []);
  await using client = await UdpClient.open(port);
  client.send("anyone?");
  await eventually(() => proxy.dropped["no-replica"] === 1);
  assert.equal(proxy.count("sessions"), 0);
});

test("a stranger's datagram to a session's port reaches nobody (U06)", async () => {
  await using replica = await UdpReplica.start(echoDatagram);
  await using stranger = await UdpReplica.start(() => undefined);
  await using proxy = new EngineFixture();
  const port = await freePortOfBoth();
  await proxy.serveUdp(port, [replica.port]);
  await using client = await UdpClient.open(port);
  await client.ask("one");
  const [source = ""] = replica.sources;
  stranger.send("forged", Number(source.split(":")[1]));
  assert.equal(String(await client.ask("two")), "two");
  assert.deepEqual(client.texts, ["one", "two"]);
});

test("a session ends with the last expected answer, so that each request is balanced (U07)", async () => {
  await using one = await UdpReplica.start((message, reply) => {
    reply(message);
    reply("too much");
  });
  await using proxy = new EngineFixture();
  const port = await freePortOfBoth();
  await proxy.serveUdp(port, [one.port], { expectedReplies: 1 });
  await using client = await UdpClient.open(port);
  await client.ask("first");
  await client.ask("second");
  await eventually(() => proxy.endedSessions.answered === 2);
  assert.equal(one.sources.size, 2);
  assert.deepEqual(client.texts, ["first", "second"], "nobody gets more than was expected");
});

test("an answer that is on its way when the service is removed still arrives, and nobody new is served", async () => {
  const asked = Promise.withResolvers<(answer: string) => void>();
  await using replica = await UdpReplica.start((_message, reply) => asked.resolve(reply));
  await using proxy = new EngineFixture();
  const port = await freePortOfBoth();
  await proxy.serveUdp(port, [replica.port]);
  await using client = await UdpClient.open(port);
  await using late = await UdpClient.open(port);
  client.send("slow question");
  const answer = await asked.promise;
  const removed = proxy.engine.apply([{ kind: "remove", key: `udp/${port}` }]);
  late.send("too late");
  await eventually(() => proxy.dropped["no-replica"] === 1);
  answer("slow answer");
  await removed;
  await eventually(() => client.texts[0] === "slow answer");
});

test("where all ports close, as for a successor, those that come before are served", async () => {
  const asked = Promise.withResolvers<(answer: string) => void>();
  await using replica = await UdpReplica.start((message, reply) => {
    if (String(message) === "slow question") asked.resolve(reply);
    else reply("quick answer");
  });
  await using proxy = new EngineFixture();
  const port = await freePortOfBoth();
  await proxy.serveUdp(port, [replica.port]);
  await using client = await UdpClient.open(port);
  await using late = await UdpClient.open(port);
  client.send("slow question");
  const answer = await asked.promise;
  const stopped = proxy.engine.stopAccepting();
  assert.equal(String(await late.ask("late question")), "quick answer");
  answer("slow answer");
  await stopped;
  await eventually(() => client.texts[0] === "slow answer");
  assert.deepEqual(proxy.dropped, {});
});

test("removing the service ends its sessions and frees the port", async () => {
  await using replica = await UdpReplica.start(echoDatagram);
  await using proxy = new EngineFixture();
  const port = await freePortOfBoth();
  await proxy.serveUdp(port, [replica.port]);
  await using client = await UdpClient.open(port);
  await client.ask("hello");
  await proxy.engine.apply([{ kind: "remove", key: `udp/${port}` }]);
  assert.deepEqual(proxy.endedSessions, { drained: 1 });
  assert.equal(proxy.engine.connectionCount, 0);
  await using taken = await UdpReplica.start(echoDatagram, port);
  assert.equal(taken.port, port);
});
