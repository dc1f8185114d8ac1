import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { refuse } from "../../support/faults/refuse.ts";
import { lookAtProcess } from "../../support/process-sockets.ts";
import { ReplicaProcess } from "../../support/replica-process.ts";
import { TcpClient } from "../../support/tcp-client.ts";
import { named, TcpReplica } from "../../support/tcp-replica.ts";
import { Crowd } from "../crowd.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";
import { onLoadStage } from "../load-stage.ts";
import { cpuSeconds, peakMegabytes, residentMegabytes } from "../process-figures.ts";

/** Connections come and go as fast as they can, beside a hundred that stay. */
async function flood({ tell, seconds = 30 }: LoadOptions): Promise<void> {
  await using target = await ReplicaProcess.start("flooded", "sink");
  await using other = await TcpReplica.start(named("stays"));
  const [port, stays] = [await freePort(), await freePort()];
  const services = [
    { app: "/flooded", port, replicas: [target.port] },
    { app: "/stays", port: stays, replicas: [other.port] },
  ];
  await onLoadStage({ services }, async ({ proxy }) => {
    await using owned = new AsyncDisposableStack();
    const clients = Array.from({ length: 100 }, () => owned.use(new TcpClient(stays)));
    await eventually(() => clients.every(({ text }) => text === "stays\n"));
    const [before, used] = [residentMegabytes(proxy.pid), cpuSeconds(proxy.pid)];
    const crowd = owned.use(await Crowd.gather({ port, count: Infinity, hasty: true }));
    const waits: number[] = [];
    const until = performance.now() + seconds * 1000;
    for (let round = 1; performance.now() < until; round += 1) {
      const askedAt = performance.now();
      for (const { socket } of clients) socket.write(".");
      const answered = ({ text }: TcpClient): boolean => text.length === 6 + round;
      await eventually(() => clients.every(answered), { withinMs: 20_000 });
      waits.push(performance.now() - askedAt);
      const health = performance.now();
      assert.equal((await proxy.get("/healthz")).status, 200);
      waits.push(performance.now() - health);
      await wait(100);
    }
    const { connected, errors } = await crowd.faring();
    await crowd[Symbol.asyncDispose]();
    tell(
      `${Math.round(connected / seconds)} connections a second, errors ${JSON.stringify(errors)}`,
    );
    tell(`${((cpuSeconds(proxy.pid) - used) / seconds).toFixed(2)} cores`);
    const sorted = waits.toSorted((x, y) => x - y);
    const [slow = 0, slowest = 0] = [sorted[Math.floor(0.99 * sorted.length)], sorted.at(-1)];
    tell(
      `of ${waits.length} answers meanwhile 99 in 100 took ${Math.round(slow)} ms at most, the slowest ${Math.round(slowest)} ms`,
    );
    tell(`memory ${Math.round(before)} MB before, ${Math.round(peakMegabytes(proxy.pid))} at most`);
    assert.ok(clients.every(({ closed, ended }) => !closed && !ended));
    const active = { service: `flooded:${port}` };
    await eventually(
      async () => (await proxy.metric("portolan_service_connections_active", active)) === 0,
      { withinMs: 60_000, what: "the end of the flood" },
    );
    tell(`memory ${Math.round(residentMegabytes(proxy.pid))} MB when it is over`);
  });
}

/** Clients that are gone as soon as they are connected, at a steady pace. */
async function comeAndGo({ tell }: LoadOptions): Promise<void> {
  const [count, perSecond] = [10_000, 2000];
  await using target = await ReplicaProcess.start("target", "sink");
  const port = await freePort();
  const services = [{ app: "/target", port, replicas: [target.port] }];
  await onLoadStage({ services, args: ["--metrics-detail", "replica"] }, async ({ proxy }) => {
    const metric = async (name: string): Promise<number> =>
      (await proxy.metric(`portolan_${name}`, { service: `target:${port}` })) ?? 0;
    const startedAt = performance.now();
    await using crowd = await Crowd.gather({ port, count, perSecond, hasty: true });
    const gone = async (): Promise<boolean> => (await crowd.faring()).closed === count;
    await eventually(gone, { withinMs: 120_000, what: `${count} clients to be gone` });
    tell(`${count} came and went in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    const settled = async (): Promise<boolean> =>
      (await metric("service_connections_active")) === 0;
    await eventually(settled, { withinMs: 60_000, what: "the end of all connections" });
    const accepted = await metric("service_connections_total");
    const opened = await metric("replica_connections_total");
    tell(`${accepted} were accepted, ${opened} connections opened to the replica`);
    assert.ok(accepted > 0 && accepted <= count && opened <= accepted);
    const upstream = (): number =>
      lookAtProcess(String(proxy.pid)).sockets.filter(
        ({ isOwn, remotePort }) => isOwn && remotePort === target.port,
      ).length;
    await eventually(() => upstream() === 0, { what: "no connection to the replica" });
  });
}

/** Connections that all fail, on many services whose replicas refuse, each of which has something to tell. */
async function failingStorm({ tell, seconds = 30 }: LoadOptions): Promise<void> {
  await using nobody = await refuse();
  const ports = await Promise.all(Array.from({ length: 300 }, () => freePort()));
  // Of two replicas one may be ejected, and that is a line.
  const replicas = [`127.0.0.1:${nobody.port}`, `127.0.0.2:${nobody.port}`];
  const services = ports.map((port, index) => ({ app: `/storm/${index}`, port, replicas }));
  const [port = 0, ...others] = ports;
  await onLoadStage({ services, args: ["--health", "marathon"] }, async ({ proxy }) => {
    const linesBefore = proxy.log.length;
    {
      await using crowd = await Crowd.gather({ port, others, count: Infinity, inTurn: true });
      await wait(seconds * 1000);
      const { closed, greeted } = await crowd.faring();
      tell(`${Math.round(closed / seconds)} failing connections a second`);
      assert.ok(closed > 0 && greeted === 0);
    }
    // What was suppressed last is summed up a second later.
    await wait(1500);
    const lines = proxy.log.slice(linesBefore);
    const suppressed = lines.reduce((sum, line) => sum + Number(line["suppressed"] ?? 0), 0);
    const most = busiestSecond(lines.map((line) => Date.parse(String(line["time"]))));
    tell(`${lines.length} lines, ${most} in the busiest second, ${suppressed} more summed up`);
    assert.ok(most <= 100);
    assert.ok(suppressed > 0, "more was to be told than fits");
  });
}

/** The most of these moments, in ms and in order, that lie within a second; those are written to the millisecond. */
function busiestSecond(moments: readonly number[]): number {
  let [first, most] = [0, 0];
  for (const [index, moment] of moments.entries()) {
    while (moment - (moments[first] ?? 0) > 990) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

export const floodRows: readonly LoadRow[] = [
  { id: "T22", what: "10,000 clients that are gone at once, 2000 a second", run: comeAndGo },
  {
    id: "A13",
    what: "failing connections for 30 s, as many as this machine makes",
    run: failingStorm,
  },
  {
    id: "L17",
    what: "a flood of connections for 30 s, as fast as this machine makes them",
    run: flood,
  },
];
