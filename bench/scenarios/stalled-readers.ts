import { setTimeout as wait } from "node:timers/promises";
import { limits } from "../goals.ts";
import type { ReplicaPort } from "../actors/verbs.ts";
import { portolan } from "../contenders/portolan.ts";
import { freePort } from "../support/ports.ts";
import { residentBytes } from "../support/proc.ts";
import type { Report } from "../support/report.ts";
import { addressOf, Stage } from "../support/stage.ts";
import { rounded } from "../support/stats.ts";
import { formatNumber, megabytes } from "../support/table.ts";
import type { Bench, Scenario } from "./scenario.ts";

const connections = 100;
const flowMs = 1000;
const lookEveryMs = 500;
const settleMs = 1000;
/** Small, so that code is compiled and the heap has not grown by what bulk traffic leaves to be collected. */
const warmUp = { connections: 32, isLasting: true, requestBytes: 64, answerBytes: 128 } as const;

export const stalledReaders: Scenario = {
  name: "stalled-readers",
  purpose:
    "memory while 100 clients pull an endless stream and stop reading, then while 100 push to replicas that do not read (seconds of standing still)",
  seconds: 20,
  runs: 1,
  contenders: [portolan],
  run: measureStalled,
};

/** One look at the proxy and at the side that sends. */
interface Look {
  readonly residentMb: number;
  /** Bytes the sending side got rid of so far. */
  readonly bytes: number;
}

interface Direction {
  readonly name: string;
  readonly baselineMb: number;
  readonly looks: readonly Look[];
  readonly alive: number;
  /** Memory with as many once more, after the first were closed. */
  readonly againMb: number;
}

async function measureStalled(bench: Bench): Promise<Report> {
  const directions: Direction[] = [];
  for (let run = 0; run < bench.runs; run += 1) {
    for (const isPushing of [false, true]) {
      const direction = await stall(bench, isPushing);
      const name = run === 0 ? direction.name : `${direction.name}, run ${run + 1}`;
      directions.push({ ...direction, name });
    }
  }
  return toReport(directions, bench.seconds);
}

async function stall(bench: Bench, isPushing: boolean): Promise<Direction> {
  const { seconds, say } = bench;
  const name = isPushing ? "replicas do not read" : "clients stop reading";
  say(`stalled-readers: ${name}`);
  await using stage = await Stage.open({ ...bench, replicas: 1 });
  const { load, replicaProcess } = stage;
  const sink = await replicaProcess.call(isPushing ? "openDeaf" : "openEndless", undefined);
  const answering = await serve(stage, "/bench/answering", stage.replica(0));
  const target = await serve(stage, "/bench/stalled", sink);
  const proxy = await stage.startPortolan();
  const { pid } = proxy;
  await load.call("prove", { target: answering });
  const flow = await load.call("start", { ...warmUp, targets: [answering] });
  await wait(settleMs);
  await load.call("stop", { flow });
  await wait(settleMs);
  const baselineMb = megabytes(residentBytes(pid));
  await load.call("stall", { target, connections, isPushing, flowMs });
  const looks: Look[] = [];
  const deadline = performance.now() + seconds * 1000;
  while (performance.now() < deadline) {
    const { bytes } = isPushing
      ? await load.call("stalled", undefined)
      : await replicaProcess.call("poured", undefined);
    looks.push({ residentMb: megabytes(residentBytes(pid)), bytes });
    await wait(lookEveryMs);
  }
  // Asked of the proxy, since a client that does not read cannot tell.
  const alive = await proxy.metric("portolan_service_connections_active");
  await load.call("unstall", undefined);
  await wait(settleMs);
  await load.call("stall", { target, connections, isPushing, flowMs });
  const againMb = megabytes(residentBytes(pid));
  return { name, baselineMb, looks, alive, againMb };
}

async function serve({ marathon }: Stage, id: string, { port }: ReplicaPort) {
  const servicePort = await freePort();
  await marathon.call("putApp", { id, servicePort });
  await marathon.call("addTask", { app: id, port });
  return addressOf({ number: 0, port: servicePort });
}

function toReport(directions: readonly Direction[], seconds: number): Report {
  const seen = directions.map((direction) => ({ ...direction, ...summaryOf(direction) }));
  return {
    tables: [
      {
        title: `stalled-readers: memory of the proxy with ${connections} connections that stand still for ${formatNumber(seconds)} s`,
        columns: [
          "what",
          "before, MB",
          "most, MB",
          "last, MB",
          "growth, MB",
          "with a second hundred, MB",
          "taken in, MB",
          "taken in during the second half, MB",
          "still open",
        ],
        rows: seen.map(({ name, baselineMb, mostMb, lastMb, againMb, takenMb, lateMb, alive }) => [
          name,
          ...[baselineMb, mostMb, lastMb, mostMb - baselineMb, againMb, takenMb, lateMb].map(
            (value) => formatNumber(value),
          ),
          String(alive),
        ]),
      },
    ],
    figures: Object.fromEntries(
      seen.map(({ name, baselineMb, mostMb, lastMb, againMb, takenMb, lateMb, alive }) => {
        const measured = { baselineMb, mostMb, lastMb, againMb, takenMb, lateMb };
        const figures = Object.entries(measured).map(([key, value]) => [key, rounded(value)]);
        return [name, { ...Object.fromEntries(figures), alive }];
      }),
    ),
    goals: seen.flatMap(({ name, baselineMb, mostMb, lateMb }) => [
      {
        what: `growth, ${name}`,
        limit: limits.stalledGrowthMb,
        measured: mostMb - baselineMb,
        unit: "MB",
      },
      { what: `taken in during the second half, ${name}`, limit: 0, measured: lateMb, unit: "MB" },
    ]),
    notes: [
      "growth that a second hundred does not repeat is what the bytes before the standstill left to be collected, not what a connection holds",
      "taken in: what the sending side got rid of, the kernel's buffers on both sides of the proxy included",
    ],
  };
}

function summaryOf({
  looks,
}: Direction): Record<"mostMb" | "lastMb" | "takenMb" | "lateMb", number> {
  const last = looks.at(-1);
  const middle = looks[Math.floor(looks.length / 2)];
  if (last === undefined || middle === undefined) throw new Error("nobody looked");
  return {
    mostMb: Math.max(...looks.map(({ residentMb }) => residentMb)),
    lastMb: last.residentMb,
    takenMb: megabytes(last.bytes),
    lateMb: megabytes(last.bytes - middle.bytes),
  };
}
