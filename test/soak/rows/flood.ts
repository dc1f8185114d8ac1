import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
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
    const slowest = waits.toSorted((x, y) => x - y).at(-1) ?? 0;
    tell(`the slowest of ${waits.length} answers meanwhile took ${Math.round(slowest)} ms`);
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

export const floodRows: readonly LoadRow[] = [
  {
    id: "L17",
    what: "a flood of connections for 30 s, as fast as this machine makes them",
    run: flood,
  },
];
