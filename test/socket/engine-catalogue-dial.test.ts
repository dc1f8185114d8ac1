import assert from "node:assert/strict";
import { test } from "node:test";
import { blackhole } from "../support/black-hole.ts";
import { Canary } from "../support/canary.ts";
import { EngineFixture } from "../support/engine-fixture.ts";
import { eventually } from "../support/eventually.ts";
import { acceptAndHang } from "../support/faults/accept-and-hang.ts";
import { refuse } from "../support/faults/refuse.ts";
import { freePort } from "../support/free-port.ts";
import { assertBalanced, Baseline } from "../support/invariants.ts";
import { Peer } from "../support/peer.ts";
import { ReplicaProcess } from "../support/replica-process.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { echo, named, TcpReplica } from "../support/tcp-replica.ts";

/** Runs `visit` so many times, some at once. */
async function repeatedly(
  times: number,
  atOnce: number,
  visit: (index: number) => Promise<void>,
): Promise<void> {
  for (let index = 0; index < times; index += atOnce) {
    await Promise.all(Array.from({ length: atOnce }, (_none, step) => visit(index + step)));
  }
}

for (const balance of ["leastconn", "roundrobin"] as const) {
  test(`no client of a service of three feels that one refuses, ${balance} (T13)`, async () => {
    const clients = 500;
    await using one = await TcpReplica.start(echo);
    await using two = await TcpReplica.start(echo);
    await using dead = await refuse();
    await using proxy = new EngineFixture();
    const port = await freePort();
    await proxy.serve(port, [one.port, dead.port, two.port], { balance });
    await using _ = await Baseline.take();
    await using canary = await Canary.start(proxy);
    await repeatedly(clients, 25, async (index) => {
      await using client = new TcpClient(port);
      client.socket.end(`early ${index}`);
      await eventually(() => client.closed);
      assert.deepEqual([client.text, client.error], [`early ${index}`, undefined]);
    });
    await canary.assertWell();
    await assertBalanced(proxy);
    assert.deepEqual(proxy.closed, { completed: clients });
    assert.ok(proxy.retries > 0, "the replica that refuses was never tried");
    assert.equal(one.sockets.length + two.sockets.length, clients);
  });
}

test("a replica that answers no SYN costs its first clients one timeout, and nobody fails (T14)", async () => {
  const clients = 40;
  await using good = await TcpReplica.start(named("good"));
  await using dark = await blackhole();
  await using proxy = new EngineFixture({ limits: { connectTimeoutMs: 200 } });
  const port = await freePort();
  await proxy.serve(port, [dark.port, good.port], { balance: "roundrobin" });
  await using _ = await Baseline.take();
  await using canary = await Canary.start(proxy);
  await repeatedly(clients, 10, async () => {
    await using client = new TcpClient(port);
    client.socket.end();
    await eventually(() => client.closed);
    assert.deepEqual([client.text, client.error], ["good\n", undefined]);
  });
  await canary.assertWell();
  await assertBalanced(proxy);
  assert.deepEqual(proxy.closed, { completed: clients });
  assert.ok(proxy.retries > 0 && proxy.retries <= clients, `${proxy.retries} retries`);
});

test("when every SYN is lost, a client is let go once the whole budget is spent (T14)", async () => {
  await using dark = await blackhole();
  await using darker = await blackhole();
  const limits = { connectTimeoutMs: 200, connectBudgetMs: 300 };
  await using proxy = new EngineFixture({ limits });
  const port = await freePort();
  await proxy.serve(port, [dark.port, darker.port]);
  await using _ = await Baseline.take();
  await using client = await Peer.connect(port);
  const start = performance.now();
  await eventually(() => client.closed);
  assert.equal(client.saw, "reset");
  assert.ok(performance.now() - start >= 290, "the second attempt was cut short");
  await assertBalanced(proxy);
  assert.deepEqual(proxy.closed, { "upstream-timeout": 1 });
  assert.equal(proxy.retries, 1);
});

test("a replica that accepts and hangs keeps its clients and harms no other service (T14)", async () => {
  await using _ = await Baseline.take();
  await using hanging = await acceptAndHang();
  await using proxy = new EngineFixture({ limits: { halfCloseMs: 500 } });
  const port = await freePort();
  await proxy.serve(port, [hanging.port]);
  await using canary = await Canary.start(proxy);
  await using client = await Peer.connect(port);
  client.say(100);
  await eventually(() => hanging.accepted === 1 && proxy.received === 100);
  assert.deepEqual([client.saw, proxy.active, proxy.closed], [undefined, 1, {}]);
  client.socket.resetAndDestroy();
  await canary.assertWell();
  await assertBalanced(proxy);
  assert.deepEqual(proxy.closed, { "client-reset": 1 });
});

test("when every replica refuses, each is tried once and the client is reset (T15)", async () => {
  await using stack = new AsyncDisposableStack();
  const dead: number[] = [];
  for (let count = 0; count < 4; count += 1) dead.push(stack.use(await refuse()).port);
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, dead);
  await using _ = await Baseline.take();
  await using canary = await Canary.start(proxy);
  for (let round = 1; round <= 20; round += 1) {
    const before = proxy.retries;
    await using client = Peer.dial(port);
    client.say(100);
    await eventually(() => client.closed);
    assert.equal(client.saw, "reset");
    assert.ok(proxy.retries - before < 4, `${proxy.retries - before + 1} attempts`);
  }
  await canary.assertWell();
  await assertBalanced(proxy);
  assert.deepEqual(proxy.closed, { "upstream-refused": 20 });
});

test("a service without replicas keeps its port, resets its clients, and serves again (T16)", async () => {
  await using replica = await TcpReplica.start(named("back"));
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port]);
  await proxy.serve(port, []);
  await using _ = await Baseline.take();
  for (let round = 0; round < 20; round += 1) {
    await using client = Peer.dial(port);
    client.say(100);
    await eventually(() => client.closed);
    assert.deepEqual([client.saw, client.heard], ["reset", 0]);
  }
  await assertBalanced(proxy);
  assert.deepEqual(proxy.closed, { "no-replica": 20 });
  await proxy.serve(port, [replica.port]);
  await using client = await TcpClient.open(port);
  await eventually(() => client.text === "back\n");
  const reports = proxy.reports.map(({ kind }) => kind);
  assert.deepEqual(reports, ["listening"]);
});

test("killing a replica ends its hundred transfers, and no later client fails (T17)", async () => {
  const running = 100;
  const later = 300;
  await using doomed = await ReplicaProcess.start("doomed");
  await using other = await TcpReplica.start(named("other"));
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [doomed.port]);
  await using _ = await Baseline.take();
  await using canary = await Canary.start(proxy);
  await using stack = new AsyncDisposableStack();
  const clients: TcpClient[] = [];
  await repeatedly(running, 10, async () => {
    clients.push(stack.use(await TcpClient.open(port)));
  });
  for (const { socket } of clients) socket.once("end", () => socket.end());
  await eventually(() => clients.every(({ received }) => received.length > 10_000));
  await proxy.serve(port, [doomed.port, other.port], { balance: "roundrobin" });

  await doomed.kill();
  await eventually(() => clients.every(({ closed }) => closed), { what: "the end of all" });
  await repeatedly(later, 25, async () => {
    await using client = new TcpClient(port);
    client.socket.end();
    await eventually(() => client.closed);
    assert.deepEqual([client.text, client.error], ["other\n", undefined]);
  });
  await canary.assertWell();
  await assertBalanced(proxy);
  const { completed = 0, "upstream-reset": reset = 0 } = proxy.closed;
  assert.equal(completed + reset, running + later, JSON.stringify(proxy.closed));
  assert.ok(clients.every(({ text }) => text.startsWith("doomed\n")));
  assert.ok(proxy.retries > 0, "the dead replica was never tried");
});
