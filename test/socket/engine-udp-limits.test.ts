import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { test } from "node:test";
import { EngineFixture } from "../support/engine-fixture.ts";
import { eventually } from "../support/eventually.ts";
import { freePortOfBoth, UdpClient } from "../support/udp-client.ts";
import { echoDatagram, UdpReplica } from "../support/udp-replica.ts";
import { openUdpSockets } from "../support/udp-sockets.ts";

test("past its limit a service keeps the clients it serves and refuses new ones", async () => {
  await using replica = await UdpReplica.start(echoDatagram);
  await using proxy = new EngineFixture();
  const port = await freePortOfBoth();
  await proxy.serveUdp(port, [replica.port], { maxSessions: 2 });
  await using one = await UdpClient.open(port);
  await using two = await UdpClient.open(port);
  await using three = await UdpClient.open(port);
  await one.ask("1");
  await two.ask("2");
  three.send("3");
  await eventually(() => proxy.dropped["session-limit"] === 1);
  assert.equal(String(await one.ask("still")), "still");
  assert.equal(proxy.count("sessionsActive"), 2);
  assert.equal(proxy.load(1), 2, "what was refused gave its place on the replica back");
});

test("the process has a limit of its own over all services", async () => {
  await using replica = await UdpReplica.start(echoDatagram);
  await using proxy = new EngineFixture({ sessionLimit: 1 });
  const port = await freePortOfBoth();
  await proxy.serveUdp(port, [replica.port]);
  await using one = await UdpClient.open(port);
  await using two = await UdpClient.open(port);
  await one.ask("1");
  two.send("2");
  await eventually(() => proxy.dropped["session-limit"] === 1);
});

test("a flood of one-shot clients opens no more sessions than there may be, and harms none that is in use (U08)", async () => {
  await using replica = await UdpReplica.start(echoDatagram);
  await using proxy = new EngineFixture();
  const port = await freePortOfBoth();
  const before = openUdpSockets();
  await proxy.serveUdp(port, [replica.port], { maxSessions: 50, sessionIdleMs: 200 });
  await using client = await UdpClient.open(port);
  await client.ask("before");
  for (let round = 0; round < 20; round += 1) {
    await flood(port, 20);
    assert.equal(String(await client.ask(`round ${round}`)), `round ${round}`);
    assert.ok(proxy.count("sessionsActive") <= 50);
  }
  assert.ok((proxy.dropped["session-limit"] ?? 0) > 0);
  await eventually(() => proxy.count("sessionsActive") === 0);
  await eventually(() => openUdpSockets() <= before + 2, { what: "every session's socket closed" });
  assert.ok(proxy.sessionsBalanced);
});

test("clients that are not allowed open no session", async () => {
  await using replica = await UdpReplica.start(echoDatagram);
  await using proxy = new EngineFixture();
  const port = await freePortOfBoth();
  await proxy.serveUdp(port, [replica.port], { allow: ["127.0.0.2"], deny: ["10.0.0.0/8"] });
  await using stranger = await UdpClient.open(port);
  await using friend = await UdpClient.open(port, { from: "127.0.0.2" });
  stranger.send("let me in");
  await eventually(() => proxy.dropped.denied === 1);
  assert.equal(String(await friend.ask("me")), "me");
  assert.equal(proxy.count("sessions"), 1);
});

test("a replica that sends to its own service is not answered, or both would go on for ever (U09)", async () => {
  await using replica = await UdpReplica.start(echoDatagram);
  await using proxy = new EngineFixture();
  const port = await freePortOfBoth();
  await proxy.serveUdp(port, [replica.port]);
  replica.send("ping", port);
  await eventually(() => proxy.dropped["bad-source"] === 1);
  assert.equal(replica.received.length, 0);
});

/** So many clients that send once and are gone. */
async function flood(port: number, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const socket = createSocket("udp4");
    socket.on("error", () => undefined);
    socket.send("x", port, "127.0.0.1", () => socket.close());
    await once(socket, "close");
  }
}
