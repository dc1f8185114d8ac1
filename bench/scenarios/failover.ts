import { setTimeout as wait } from "node:timers/promises";
import { limits } from "../goals.ts";
import { startMarathon, app, place } from "../../test/support/marathon.ts";
import { TemporaryDirectory } from "../../test/support/real-server.ts";
import { RealRedis } from "../../test/support/redis.ts";
import { ReplicaProcess } from "../../test/support/replica-process.ts";
import { TcpClient } from "../../test/support/tcp-client.ts";
import { portolan } from "../contenders/portolan.ts";
import { startPortolan } from "../support/portolan.ts";
import { freePort } from "../support/ports.ts";
import type { Goal, Report } from "../support/report.ts";
import { figureOf, rounded, type Figure } from "../support/stats.ts";
import { formatFigure, formatNumber } from "../support/table.ts";
import { until } from "../support/until.ts";
import type { Bench, Scenario } from "./scenario.ts";

const cleanConnections = 1000;

export const failover: Scenario = {
  name: "failover",
  purpose:
    "how soon a Redis failover, a stopped and a killed replica are followed (runs of each; seconds are not used)",
  seconds: 1,
  runs: 5,
  contenders: [portolan],
  run: measureFailover,
};

async function measureFailover(bench: Bench): Promise<Report> {
  const { runs, say } = bench;
  const redis: number[] = [];
  const stopped: number[] = [];
  const stoppedFast: number[] = [];
  let failed = 0;
  for (let run = 0; run < runs; run += 1) {
    say(`failover: round ${run + 1} of ${runs}`);
    redis.push(await measureRedis(bench));
    stopped.push(await measureStopped(bench, 2));
    stoppedFast.push(await measureStopped(bench, 0.5));
    failed += await countAfterKill(bench);
  }
  return toReport({ redis, stopped, stoppedFast, failed });
}

/** From the moment the roles have swapped to the first write that the service port takes. */
async function measureRedis(bench: Bench): Promise<number> {
  using directory = new TemporaryDirectory();
  await using one = await RealRedis.start(directory);
  await using two = await RealRedis.start(directory, ["--replicaof", `127.0.0.1 ${one.port}`]);
  await using marathon = await startMarathon();
  const port = await freePort();
  const labels = { proto: "redis-master" };
  marathon.putApp({ ...app("/redis", port), portDefinitions: [{ port, protocol: "tcp", labels }] });
  for (const { port: own } of [one, two]) place(marathon, "/redis", own);
  await using proxy = await startPortolan({
    program: bench.program,
    marathon: marathon.urls[0] ?? "",
    cpus: bench.cpus.proxy,
  });
  await until(() => writes(port), { what: "the first write" });
  await wait(2000);
  await two.tell("REPLICAOF NO ONE");
  await one.tell(`REPLICAOF 127.0.0.1 ${two.port}`);
  const since = performance.now();
  await until(() => writes(port), { what: "a write to the new master", everyMs: 5 });
  const passed = performance.now() - since;
  await proxy.tableVersion();
  return passed;
}

/** True when whoever answers behind the port takes a write. */
async function writes(port: number): Promise<boolean> {
  await using client = new TcpClient(port);
  client.socket.write("SET key value\r\n");
  while (!client.closed && !client.text.includes("\n")) await wait(1);
  return client.text === "+OK\r\n";
}

/** From SIGSTOP of one of two replicas to its leaving rotation, with an HTTP check of this interval and timeout in s. */
async function measureStopped(bench: Bench, interval: number): Promise<number> {
  await using stopped = await ReplicaProcess.start("stopped", "http");
  await using other = await ReplicaProcess.start("other", "http");
  await using marathon = await startMarathon();
  const port = await freePort();
  const labels = { "portolan.check": "http", "portolan.check-interval": `${interval * 1000}ms` };
  const timeout = { "portolan.check-timeout": `${Math.max(1, interval) * 1000}ms` };
  const definition = { port, protocol: "tcp", labels: { ...labels, ...timeout } };
  marathon.putApp({ ...app("/web", port), portDefinitions: [definition] });
  for (const { port: own } of [stopped, other]) place(marathon, "/web", own);
  await using proxy = await startPortolan({
    program: bench.program,
    marathon: marathon.urls[0] ?? "",
    cpus: bench.cpus.proxy,
    flags: ["--metrics-detail", "replica"],
  });
  const up = (): Promise<number> => proxy.metric("portolan_replica_up");
  await until(async () => (await up()) === 2, { what: "both are up" });
  await wait(2500 + 500 * Math.random());
  stopped.signal("SIGSTOP");
  const since = performance.now();
  await until(async () => (await up()) === 1, { what: "the stopped one is out", everyMs: 20 });
  return performance.now() - since;
}

/** Connections that fail after one of two replicas was killed. */
async function countAfterKill(bench: Bench): Promise<number> {
  await using killed = await ReplicaProcess.start("killed", "http");
  await using other = await ReplicaProcess.start("other", "http");
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp(app("/web", port));
  for (const { port: own } of [killed, other]) place(marathon, "/web", own);
  await using _ = await startPortolan({
    program: bench.program,
    marathon: marathon.urls[0] ?? "",
    cpus: bench.cpus.proxy,
  });
  await killed.kill();
  let failed = 0;
  for (let sent = 0; sent < cleanConnections; sent += 1) {
    await using client = new TcpClient(port);
    client.socket.write("GET / HTTP/1.0\r\n\r\n");
    while (!client.closed && !client.ended) await wait(0);
    if (!client.text.endsWith("other")) failed += 1;
  }
  return failed;
}

interface Measured {
  readonly redis: readonly number[];
  readonly stopped: readonly number[];
  readonly stoppedFast: readonly number[];
  readonly failed: number;
}

function toReport({ redis, stopped, stoppedFast, failed }: Measured): Report {
  const rows = [
    ["Redis: roles swapped → a write to the new master", redis, limits.redisMs],
    ["SIGSTOP → out, checked every 2 s with 2 s of time", stopped, limits.stoppedMs],
    ["SIGSTOP → out, checked every 0.5 s with 1 s of time", stoppedFast, limits.stoppedFastMs],
  ] as const;
  const most = (values: readonly number[]): number => Math.max(...values);
  const goals: Goal[] = rows.map(([what, values, limit]) => {
    return { what, limit, measured: most(values), unit: "ms" };
  });
  goals.push({
    what: `failed of ${cleanConnections} after kill -9`,
    limit: 0,
    measured: failed,
    unit: "",
  });
  return {
    tables: [
      {
        title: "failover: time in ms, median of all runs, in brackets the least and the most",
        columns: ["", "ms"],
        rows: [
          ...rows.map(([what, values]) => [what, formatFigure(figure(values))]),
          [`failed connections of ${cleanConnections} after kill -9`, formatNumber(failed)],
        ],
      },
    ],
    figures: {
      redisMs: rounded(most(redis)),
      stoppedMs: rounded(most(stopped)),
      stoppedFastMs: rounded(most(stoppedFast)),
      failed,
    },
    goals,
    notes: ["goals are held against the worst run"],
  };
}

function figure(values: readonly number[]): Figure {
  const found = figureOf(values);
  if (found === undefined) throw new Error("nothing was measured");
  return found;
}
