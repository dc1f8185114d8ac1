import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { EngineFixture, toRoute } from "../../support/engine-fixture.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { NetworkNamespace, noNamespaces } from "../../support/network-namespace.ts";
import { ReplicaProcess } from "../../support/replica-process.ts";
import { TcpClient } from "../../support/tcp-client.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";

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

export const cableRows: readonly LoadRow[] = [
  {
    id: "T19",
    what: "idle connections whose replica's cable is pulled",
    skip: noNamespaces,
    run: pulled,
  },
];
