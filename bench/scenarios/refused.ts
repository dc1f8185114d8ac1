import { setTimeout as wait } from "node:timers/promises";
import { limits } from "../goals.ts";
import type { Address } from "../../src/model/address.ts";
import { formatAddress } from "../../src/model/address.ts";
import type { Lap } from "../actors/verbs.ts";
import { portolan } from "../contenders/portolan.ts";
import { roundedFigure } from "../support/comparison-table.ts";
import { freePorts } from "../support/ports.ts";
import type { Portolan } from "../support/portolan.ts";
import type { Report } from "../support/report.ts";
import { Stage } from "../support/stage.ts";
import { figureOf } from "../support/stats.ts";
import { formatFigure } from "../support/table.ts";
import type { Bench, Scenario } from "./scenario.ts";

/** A replica that refuses is soon ejected, so only many services make refusals more than one connection in a hundred. */
const serviceCount = 40;
const traffic = {
  connections: 2 * serviceCount,
  isLasting: false,
  requestBytes: 64,
  answerBytes: 128,
  ratePerSecond: 400,
} as const;

export const refused: Scenario = {
  name: "refused",
  purpose:
    "new connections to services of two replicas of which one refuses, against the same with both alive: none may fail (seconds per stretch at 400 connections a second, runs of both in alternation)",
  seconds: 1,
  runs: 5,
  contenders: [portolan],
  run: measureRefused,
};

/** Both stretches of one run, on one freshly started proxy. */
interface Round {
  readonly alive: Lap;
  readonly refusing: Lap;
  /** Attempts on another replica, as the proxy counts them. */
  readonly retries: number;
}

async function measureRefused(bench: Bench): Promise<Report> {
  const rounds: Round[] = [];
  for (let run = 0; run < bench.runs; run += 1) {
    bench.say(`refused: round ${run + 1} of ${bench.runs}`);
    rounds.push(await takeRound(bench, run % 2 === 0));
  }
  return toReport(rounds);
}

async function takeRound(bench: Bench, isAliveFirst: boolean): Promise<Round> {
  await using stage = await Stage.open({ ...bench, replicas: 2 });
  const ports = stage.replicas.map(({ port }) => port);
  const [alivePort = 0] = ports;
  // Taken at once, so that no service gets the port of a replica that refuses.
  const free = await freePorts(4 * serviceCount);
  const take = (): readonly number[] => free.splice(0, serviceCount);
  const alive = await putApps(stage, { name: "alive", servicePorts: take() }, () => ports);
  const unserved = take();
  const refusing = await putApps(stage, { name: "refusing", servicePorts: take() }, (index) => [
    alivePort,
    unserved[index] ?? 1,
  ]);
  const warming = await putApps(stage, { name: "warming", servicePorts: take() }, () => ports);
  const proxy = await stage.startPortolan();
  for (const address of [...alive, ...refusing, ...warming])
    await proxy.listening(formatAddress(address));
  const stretch = (targets: readonly Address[]): Promise<Lap> => flow(stage, targets, bench);
  await stretch(warming);
  const order = isAliveFirst ? [alive, refusing] : [refusing, alive];
  const laps = new Map<readonly Address[], Lap>();
  const before = await retriesOf(proxy);
  for (const targets of order) laps.set(targets, await stretch(targets));
  const retries = (await retriesOf(proxy)) - before;
  const lapOf = (targets: readonly Address[]): Lap => {
    const lap = laps.get(targets);
    if (lap === undefined) throw new Error("a stretch was left out");
    return lap;
  };
  return { alive: lapOf(alive), refusing: lapOf(refusing), retries };
}

/** Many services of two replicas each; gives their addresses. */
async function putApps(
  { marathon }: Stage,
  { name, servicePorts }: { readonly name: string; readonly servicePorts: readonly number[] },
  portsOf: (index: number) => readonly number[],
): Promise<readonly Address[]> {
  const addresses: Address[] = [];
  for (const [index, servicePort] of servicePorts.entries()) {
    const id = `/bench/${name}-${index}`;
    await marathon.call("putApp", { id, servicePort });
    for (const port of portsOf(index)) await marathon.call("addTask", { app: id, port });
    addresses.push({ host: "127.0.0.1", port: servicePort });
  }
  return addresses;
}

async function flow({ load }: Stage, targets: readonly Address[], bench: Bench): Promise<Lap> {
  const started = await load.call("start", { ...traffic, targets });
  await wait(bench.seconds * 1000);
  await load.call("stop", { flow: started });
  return await load.call("lap", { flow: started, pids: [] });
}

async function retriesOf(proxy: Portolan): Promise<number> {
  return await proxy.metric("portolan_replica_retries_total");
}

function toReport(rounds: readonly Round[]): Report {
  const figure = (read: (round: Round) => number) => figureOf(rounds.map((round) => read(round)));
  const sum = (read: (round: Round) => number) =>
    rounds.reduce((total, round) => total + read(round), 0);
  const added = figure(({ alive, refusing }) => refusing.latency.p99 - alive.latency.p99);
  const failed = sum(({ refusing }) => refusing.failed);
  const row = (name: string, lapOf: (round: Round) => Lap): string[] => [
    name,
    String(sum((round) => lapOf(round).completed)),
    String(sum((round) => lapOf(round).failed)),
    formatFigure(figure((round) => lapOf(round).latency.p50)),
    formatFigure(figure((round) => lapOf(round).latency.p99)),
    formatFigure(figure((round) => lapOf(round).latency.max)),
  ];
  const failures = rounds.flatMap(({ refusing }) => Object.entries(refusing.failures));
  return {
    tables: [
      {
        title: `refused: ms from connecting to the first answer, ${serviceCount} services of two replicas`,
        columns: ["replicas", "connections", "failed", "p50", "p99", "max"],
        rows: [
          row("both alive", ({ alive }) => alive),
          row("one refuses", ({ refusing }) => refusing),
          ["added p99", "", "", "", formatFigure(added), ""],
          ["refused attempts a run", formatFigure(figure(({ retries }) => retries))],
        ],
      },
    ],
    figures: {
      connections: sum(({ refusing }) => refusing.completed),
      failed,
      ...(added === undefined ? {} : { addedP99: roundedFigure(added) }),
      retries: sum(({ retries }) => retries),
    },
    goals: [
      { what: "failed connections", limit: 0, measured: failed, unit: "" },
      {
        what: "added p99",
        limit: limits.refusedAddedMs,
        measured: added?.median ?? NaN,
        unit: "ms",
      },
    ],
    notes: failures.map(([why, count]) => `${count} × ${why}`),
  };
}
