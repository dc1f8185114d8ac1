import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { EngineFixture, toRoute } from "../../support/engine-fixture.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { NetworkNamespace, noNamespaces } from "../../support/network-namespace.ts";
import { ReplicaProcess } from "../../support/replica-process.ts";
import { readSamples } from "../../support/samples.ts";
import { TcpClient } from "../../support/tcp-client.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";
import { onLoadStage } from "../load-stage.ts";

/** Connections on which nothing is said, when the replica's cable is pulled. */
async function pulled({ tell }: LoadOptions): Promise<void> {
  using network = NetworkNamespace.create();
  const far = { host: network.inside, within: network.command };
  await using replica = await ReplicaProcess.start("far", "sink", far);
  await using proxy = new EngineFixture();
  const port = await freePort();
  const route = toRoute(port, [replica.port]);
  const address = { host: network.inside, port: replica.port };
  const replicas = route.replicas.map((one) => ({ ...one, address }));
  await proxy.engine.apply([{ kind: "set", route: { ...route, replicas } }]);
  await using owned = new AsyncDisposableStack();
  const clients = Array.from({ length: 20 }, () => owned.use(new TcpClient(port)));
  await eventually(() => clients.every(({ text }) => text === "far\n"));
  // Keepalive is asked for by the first look after a second.
  await wait(2000);
  network.pull();
  const startedAt = performance.now();
  await eventually(() => clients.every(({ closed }) => closed), { withinMs: 180_000 });
  tell(`noticed after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  tell(JSON.stringify(proxy.closed));
  assert.ok(proxy.balanced);
  assert.equal(proxy.active, 0);
}

/** The limit for bytes that nobody takes, as it is without a flag, in s; the kernel's own is a quarter of an hour. */
const stalledSeconds = 120;

/** Connections with much and with little on the way to a replica, when its cable is pulled. */
async function pulledWithBytes({ tell }: LoadOptions): Promise<void> {
  using network = NetworkNamespace.create();
  const far = { host: network.inside, within: network.command };
  await using replica = await ReplicaProcess.start("far", "sink", far);
  const port = await freePort();
  const services = [{ app: "/far", port, replicas: [`${network.inside}:${replica.port}`] }];
  await onLoadStage({ services, args: ["--health", "marathon"] }, async ({ proxy }) => {
    await using owned = new AsyncDisposableStack();
    const clients = Array.from({ length: 20 }, () => owned.use(new TcpClient(port)));
    await eventually(() => clients.every(({ text }) => text === "far\n"));
    network.pull();
    const pulledAt = performance.now();
    const endedAfter: number[] = [];
    for (const [index, { socket }] of clients.entries()) {
      socket.write(index % 2 === 0 ? Buffer.alloc(16 << 20) : "are you there?");
      socket.once("close", () => endedAfter.push((performance.now() - pulledAt) / 1000));
    }
    const ended = (): boolean => endedAfter.length === clients.length;
    await eventually(ended, { withinMs: 2 * stalledSeconds * 1000 });
    const [first = 0, last = 0] = [endedAfter.at(0), endedAfter.at(-1)];
    tell(`${clients.length} were let go ${first.toFixed(1)} to ${last.toFixed(1)} s after`);
    assert.ok(first >= stalledSeconds * 0.9 && last <= stalledSeconds * 1.1);
    const service = { service: `far:${port}` };
    const active = (): Promise<number | undefined> =>
      proxy.metric("portolan_service_connections_active", service);
    await eventually(async () => (await active()) === 0, { what: "all of them to be counted" });
    const samples = readSamples(await proxy.text("/metrics"));
    const fates = samples.filter(
      ({ name, labels, value }) =>
        name === "portolan_connections_closed_total" &&
        labels["service"] === service.service &&
        value > 0,
    );
    const reasons = Object.fromEntries(fates.map(({ labels, value }) => [labels["reason"], value]));
    assert.deepEqual(reasons, { "write-stall": clients.length });
  });
}

export const cableRows: readonly LoadRow[] = [
  {
    id: "T19",
    what: "idle connections whose replica's cable is pulled",
    skip: noNamespaces,
    run: pulled,
  },
  {
    id: "T20",
    what: "connections with bytes on the way to a replica whose cable is pulled, for two minutes",
    skip: noNamespaces,
    run: pulledWithBytes,
  },
];
