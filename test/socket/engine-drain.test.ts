import assert from "node:assert/strict";
import { test } from "node:test";
import type { EngineRoute } from "../../src/engine/route.ts";
import type { ServicePolicy } from "../../src/model/policy.ts";
import type { ReplicaState } from "../../src/model/replica.ts";
import { Canary } from "../support/canary.ts";
import { EngineFixture, toRoute } from "../support/engine-fixture.ts";
import { eventually } from "../support/eventually.ts";
import { assertBalanced } from "../support/invariants.ts";
import { freePort } from "../support/free-port.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";

interface Rig extends AsyncDisposable {
  readonly proxy: EngineFixture;
  readonly running: TcpClient;
  /** Says what became of the replica: a state, or gone from the list. */
  say(state: ReplicaState | "gone"): Promise<void>;
}

/** A service with one running connection, whose replica can change. */
async function start(policy: Partial<ServicePolicy>): Promise<Rig> {
  const replica = await TcpReplica.start(named("r"));
  const proxy = new EngineFixture();
  const port = await freePort();
  const route = toRoute(port, [replica.port], policy);
  await proxy.engine.apply([{ kind: "set", route }]);
  const running = await TcpClient.open(port);
  await eventually(() => running.text === "r\n");
  return {
    proxy,
    running,
    async say(state) {
      const replicas = state === "gone" ? [] : route.replicas.map((one) => ({ ...one, state }));
      const next: EngineRoute = { ...route, replicas };
      await proxy.engine.apply([{ kind: "set", route: next }]);
      if (state !== "up") {
        await using refused = new TcpClient(port);
        await eventually(() => refused.closed);
        assert.equal(refused.error?.code, "ECONNRESET", "no new connections");
      }
    },
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
      await replica[Symbol.asyncDispose]();
    },
  };
}

async function stillServed(client: TcpClient): Promise<void> {
  const before = client.text;
  client.socket.write("more");
  await eventually(() => client.text === `${before}more`);
}

for (const state of ["draining", "gone", "down", "unknown"] as const) {
  test(`a running connection goes on when its replica is ${state}`, async () => {
    await using rig = await start({});
    await rig.say(state);
    await stillServed(rig.running);
  });
}

for (const state of ["draining", "gone"] as const) {
  test(`with a drain time, connections of a replica that is ${state} are reset when it is over (R03)`, async () => {
    await using rig = await start({ drainMs: 150 });
    await using canary = await Canary.start(rig.proxy);
    await rig.say(state);
    await eventually(() => rig.running.closed);
    assert.equal(rig.running.error?.code, "ECONNRESET");
    await canary.assertWell();
    await assertBalanced(rig.proxy);
    assert.equal(rig.proxy.closed.drained, 1);
  });
}

test("a replica that comes back takes its connections' deadline with it", async () => {
  await using rig = await start({ drainMs: 60_000 });
  await rig.say("draining");
  await rig.say("up");
  rig.proxy.engine.check(performance.now() + 120_000);
  await stillServed(rig.running);
});

test("close-on-down cuts the connections of a replica that goes down, and no others", async () => {
  await using rig = await start({ closeOnDown: true });
  await rig.say("draining");
  await stillServed(rig.running);
  await rig.say("down");
  await eventually(() => rig.running.closed);
  assert.equal(rig.running.error?.code, "ECONNRESET");
  assert.equal(rig.proxy.closed["replica-down"], 1);
});

test("a service that is removed lets its connections end, up to its drain time (R04)", async () => {
  await using rig = await start({ drainMs: 150 });
  const [listening] = rig.proxy.reports;
  assert.ok(listening?.kind === "listening");
  await using canary = await Canary.start(rig.proxy);
  await rig.proxy.engine.apply([{ kind: "remove", key: listening.key }]);
  await eventually(() => rig.running.closed);
  await canary.assertWell();
  await canary[Symbol.asyncDispose]();
  await assertBalanced(rig.proxy);
  assert.deepEqual(rig.proxy.closed, { drained: 1 });
  assert.equal(rig.proxy.engine.connectionCount, 0);
});

test("a service that comes back takes its connections' deadline back, and gives it again when it leaves again", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using proxy = new EngineFixture();
  const port = await freePort();
  const remove = { kind: "remove", key: `tcp/${port}` } as const;
  await proxy.serve(port, [replica.port], { drainMs: 60_000 });
  await using client = await TcpClient.open(port);
  await eventually(() => client.text === "r\n");
  await proxy.engine.apply([remove]);
  await proxy.serve(port, [replica.port], { drainMs: 60_000 });
  proxy.engine.check(performance.now() + 120_000);
  await stillServed(client);
  assert.deepEqual(proxy.closed, {});
  await proxy.engine.apply([remove]);
  proxy.engine.check(performance.now() + 120_000);
  await eventually(() => client.closed);
  await assertBalanced(proxy);
  assert.deepEqual(proxy.closed, { drained: 1 });
});

test("a service that comes back without a replica leaves that one's connections their deadline", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using other = await TcpReplica.start(named("other"));
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [replica.port], { drainMs: 60_000 });
  await using client = await TcpClient.open(port);
  await eventually(() => client.text === "r\n");
  await proxy.engine.apply([{ kind: "remove", key: `tcp/${port}` }]);
  await proxy.serve(port, [other.port], { drainMs: 60_000 });
  proxy.engine.check(performance.now() + 120_000);
  await eventually(() => client.closed);
  assert.deepEqual(proxy.closed, { drained: 1 });
});

test("a change of balance or limits is applied without closing the listener", async () => {
  await using one = await TcpReplica.start(named("1"));
  await using two = await TcpReplica.start(named("2"));
  await using proxy = new EngineFixture();
  const port = await freePort();
  for (const balance of ["leastconn", "first", "source", "random2", "roundrobin"] as const) {
    await proxy.serve(port, [one.port, two.port], { balance });
    await using client = await TcpClient.open(port);
    await eventually(() => client.text.length > 0);
  }
  assert.deepEqual(
    proxy.reports.map(({ kind }) => kind),
    ["listening"],
  );
});

test("`source` keeps a client on its replica, `first` fills the first one, locality prefers this host", async () => {
  await using one = await TcpReplica.start(named("1"));
  await using two = await TcpReplica.start(named("2"));
  const texts = async (proxy: EngineFixture, port: number): Promise<string[]> => {
    const clients = await Promise.all(Array.from({ length: 6 }, () => TcpClient.open(port)));
    await eventually(() => clients.every(({ text }) => text.length > 0));
    const heard = clients.map(({ text }) => text.trim());
    for (const client of clients) await client[Symbol.asyncDispose]();
    await eventually(() => proxy.active === 0);
    return heard;
  };
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [one.port, two.port], { balance: "source" });
  assert.equal(new Set(await texts(proxy, port)).size, 1);

  await proxy.serve(port, [one.port, two.port], { balance: "first" });
  assert.equal(new Set(await texts(proxy, port)).size, 1);

  const route = toRoute(port, [one.port, two.port], { locality: "prefer", replicaLimit: 4 });
  const replicas = route.replicas.map((replica, index) => ({ ...replica, isLocal: index === 1 }));
  await proxy.engine.apply([{ kind: "set", route: { ...route, replicas } }]);
  assert.deepEqual(
    (await texts(proxy, port)).toSorted(),
    ["1", "1", "2", "2", "2", "2"],
    "spills over when full",
  );
});
