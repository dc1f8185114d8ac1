import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { ReplicaProcess } from "../../support/replica-process.ts";
import { Crowd } from "../crowd.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";
import { onLoadStage, type Listed } from "../load-stage.ts";
import {
  allowDescriptors,
  cpuSeconds,
  descriptors,
  residentMegabytes,
} from "../process-figures.ts";

/** Connections of one address to one port, well below what the kernel has outgoing ports for. */
const perPort = 16_000;
/** Descriptors that the proxy keeps for probes and other things, with some to spare. */
const kept = 500;

/** So many idle connections, or as many as there are descriptors for. */
async function idle(wanted: number, { tell, seconds = 10 }: LoadOptions): Promise<void> {
  allowDescriptors(2 * wanted + kept);
  const count = Math.min(wanted, Math.floor((descriptors() - kept) / 2));
  if (count < wanted) tell(`${count} instead of ${wanted}: this is what ulimit -n allows`);
  await using replicas = new AsyncDisposableStack();
  const services: Listed[] = [];
  for (let share = 0; share * perPort < count; share += 1) {
    const replica = replicas.use(await ReplicaProcess.start("idle", "sink"));
    services.push({ app: `/idle/${share}`, port: await freePort(), replicas: [replica.port] });
  }
  await onLoadStage({ services }, async ({ proxy }) => {
    const [before, startedAt] = [residentMegabytes(proxy.pid), performance.now()];
    await using crowds = new AsyncDisposableStack();
    const gathered: Crowd[] = [];
    for (const [share, { port }] of services.entries()) {
      // The first address is the kernel's choice, which is quick.
      const from = share === 0 ? undefined : `127.0.0.${share + 2}`;
      const size = Math.min(perPort, count - share * perPort);
      const crowd = await Crowd.gather({ port, count: size, from });
      gathered.push(crowds.use(crowd));
    }
    const greeted = async (): Promise<number> => {
      const all = await Promise.all(gathered.map((crowd) => crowd.faring()));
      return all.reduce((sum, one) => sum + one.greeted, 0);
    };
    await eventually(async () => (await greeted()) === count, { withinMs: 120_000 });
    const took = (performance.now() - startedAt) / 1000;
    const grown = residentMegabytes(proxy.pid) - before;
    tell(`${count} connections in ${took.toFixed(1)} s, ${Math.round(count / took)} a second`);
    tell(`${Math.round(grown)} MB more, ${((grown * 1024) / count).toFixed(1)} KiB each`);
    const used = cpuSeconds(proxy.pid);
    await wait(seconds * 1000);
    const share = (100 * (cpuSeconds(proxy.pid) - used)) / seconds;
    tell(`${share.toFixed(1)} % of a core while they are idle`);
    for (const crowd of gathered) assert.deepEqual((await crowd.faring()).errors, {});
    assert.equal(await greeted(), count);
    assert.ok(grown * 1024 < 32 * count, `${grown} MB for ${count} connections`);
  });
}

export const idleRows: readonly LoadRow[] = [
  { id: "L15", what: "10,000 idle connections", run: (options) => idle(10_000, options) },
  // It takes 50,000 at most, and the canary is to be served.
  { id: "L16", what: "49,900 idle connections", run: (options) => idle(49_900, options) },
];
