import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { ReplicaProcess } from "../../support/replica-process.ts";
import { named, TcpReplica } from "../../support/tcp-replica.ts";
import { ControlGroup, noControlGroups } from "../control-group.ts";
import { Crowd } from "../crowd.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";
import { onLoadStage, type Listed } from "../load-stage.ts";
import { residentMegabytes } from "../process-figures.ts";

/** A tenth of a processor for a proxy that has probes to make. */
async function littleTime({ tell, seconds = 20 }: LoadOptions): Promise<void> {
  await using replicas = new AsyncDisposableStack();
  const services: Listed[] = [];
  for (let count = 0; count < 20; count += 1) {
    const replica = replicas.use(await TcpReplica.start(named(`r${count}`)));
    const options = { check: "tcp", "check-interval": "1s" };
    const port = await freePort();
    services.push({ app: `/probed/${count}`, port, options, replicas: [replica.port] });
  }
  await onLoadStage({ services }, async ({ proxy }) => {
    const checks = async (result: string): Promise<number> =>
      (await proxy.metric("portolan_checks_total", { result })) ?? 0;
    const before = await checks("ok");
    {
      using scarce = new ControlGroup({ cpu: 0.1 });
      scarce.take(proxy.pid);
      await wait(seconds * 1000);
    }
    const freedAt = performance.now();
    await eventually(async () => (await proxy.text("/status")) === "OK\n");
    tell(`well again ${Math.round(performance.now() - freedAt)} ms after`);
    tell(`${(await checks("ok")) - before} probes meanwhile, ${await checks("fail")} failed`);
    const { services: served } = await proxy.table();
    const states = served.flatMap((one) => one.replicas.map(({ state }) => state));
    assert.deepEqual([...new Set(states)], ["up"]);
    const changes = proxy.log.filter(({ msg }) => msg === "routing changed");
    assert.ok(changes.every((line) => !/ down/.test(String(line["changes"]))));
  });
}

/** Readers of endless streams that do not read, with little memory for what waits for them. */
async function littleMemory({ tell, seconds = 20 }: LoadOptions): Promise<void> {
  await using endless = await ReplicaProcess.start("endless", "stream");
  const port = await freePort();
  const services = [{ app: "/endless", port, replicas: [endless.port] }];
  const count = 1000;
  using scarce = new ControlGroup({ megabytes: 256 });
  await onLoadStage({ services, within: scarce.command }, async ({ proxy }) => {
    await using crowd = await Crowd.gather({ port, count, deaf: true });
    const until = performance.now() + seconds * 1000;
    while (performance.now() < until) {
      await wait(Math.min(5000, seconds * 1000));
      assert.equal(scarce.kills, 0, "killed for want of memory");
      const { connected, closed } = await crowd.faring();
      tell(
        `${connected} connected, ${closed} closed, ${Math.round(residentMegabytes(proxy.pid))} MB`,
      );
    }
    assert.equal(proxy.child.exitCode, null);
  });
}

export const scarcityRows: readonly LoadRow[] = [
  {
    id: "L13",
    what: "a tenth of a processor for 20 s",
    skip: () => noControlGroups("cpu"),
    run: littleTime,
  },
  {
    id: "L14",
    what: "256 MB for 1000 clients that do not read",
    skip: () => noControlGroups("memory"),
    run: littleMemory,
  },
];
