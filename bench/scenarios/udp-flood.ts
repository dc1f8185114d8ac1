import { setTimeout as wait } from "node:timers/promises";
import { limits } from "../goals.ts";
import type { Lap } from "../actors/verbs.ts";
import { portolan } from "../contenders/portolan.ts";
import { freePort } from "../support/ports.ts";
import { roundedFigure } from "../support/comparison-table.ts";
import { residentBytes } from "../support/proc.ts";
import type { Report } from "../support/report.ts";
import { Stage } from "../support/stage.ts";
import { type Figure, figureOf } from "../support/stats.ts";
import { formatFigure, megabytes } from "../support/table.ts";
import type { Bench, Scenario } from "./scenario.ts";

const sources = 100_000;
const ratePerSecond = 20_000;
const active = { connections: 100, ratePerSecond: 1000, requestBytes: 200, answerBytes: 200 };
const lookEveryMs = 250;

export const udpFlood: Scenario = {
  name: "udp-flood",
  purpose: `${sources} addresses send one datagram each while ${active.connections} clients go on (seconds of warming up, runs of it)`,
  seconds: 5,
  runs: 3,
  contenders: [portolan],
  run: measureFlood,
};

interface Flooded {
  readonly ms: number;
  readonly baselineMb: number;
  readonly mostMb: number;
  readonly mostSessions: number;
  readonly lap: Lap;
}

/** One look at the proxy. */
interface Look {
  readonly residentMb: number;
  readonly sessions: number;
}

async function measureFlood(bench: Bench): Promise<Report> {
  const runs: Flooded[] = [];
  for (let run = 0; run < bench.runs; run += 1) {
    bench.say(`udp-flood: ${run + 1} of ${bench.runs}`);
    runs.push(await flood(bench));
  }
  const figure = (read: (flooded: Flooded) => number): Figure => {
    const found = figureOf(runs.map((flooded) => read(flooded)));
    if (found === undefined) throw new Error("nothing was measured");
    return found;
  };
  const growthMb = figure(({ mostMb, baselineMb }) => mostMb - baselineMb);
  const sessions = figure(({ mostSessions }) => mostSessions);
  const lost = figure(({ lap }) => (lap.failed / Math.max(1, lap.failed + lap.completed)) * 100);
  const floodSeconds = figure(({ ms }) => ms / 1000);
  const columns = ["growth, MB", "most sessions", "lost of active clients, %", "flood, s"];
  const row = [growthMb, sessions, lost, floodSeconds].map((value) => formatFigure(value));
  return {
    tables: [
      {
        title: `udp-flood: ${sources} one-shot addresses beside ${active.connections} clients`,
        columns: ["", ...columns],
        rows: [["portolan", ...row]],
      },
    ],
    figures: {
      growthMb: roundedFigure(growthMb),
      sessions: roundedFigure(sessions),
      lost: roundedFigure(lost),
      floodSeconds: roundedFigure(floodSeconds),
    },
    goals: [
      { what: "growth", limit: limits.floodGrowthMb, measured: growthMb.median, unit: "MB" },
      { what: "sessions", limit: limits.floodSessions, measured: sessions.max, unit: "" },
      {
        what: "lost of active clients",
        limit: limits.floodLostPercent,
        measured: lost.median,
        unit: "%",
      },
    ],
    notes: [
      `the flood is sent at ${ratePerSecond} datagrams a second, or as fast as sockets can be made`,
    ],
  };
}

async function flood(bench: Bench): Promise<Flooded> {
  await using stage = await Stage.open({ ...bench, replicas: 1 });
  const { load, marathon, replicaProcess } = stage;
  const replica = await replicaProcess.call("openDatagrams", undefined);
  const servicePort = await freePort();
  await marathon.call("putApp", { id: "/bench", servicePort, protocol: "udp" });
  await marathon.call("addTask", { app: "/bench", port: replica.port });
  const proxy = await stage.startPortolan();
  const target = { host: "127.0.0.1", port: servicePort };
  await proxy.listening(`127.0.0.1:${servicePort}`);
  await load.call("prove", { target, protocol: "udp" });
  const flow = await load.call("start", {
    ...active,
    protocol: "udp",
    isLasting: true,
    targets: [target],
  });
  const { pid } = proxy;
  const look = async (): Promise<Look> => {
    const sessions = await proxy.metric("portolan_udp_sessions_active");
    return { residentMb: megabytes(residentBytes(pid)), sessions };
  };
  // Looking costs memory too, which is none of the flood's.
  for (let looked = 0; looked * lookEveryMs < bench.seconds * 1000; looked += 1) {
    await look();
    await wait(lookEveryMs);
  }
  await load.call("lap", { flow, pids: [pid] });
  const { residentMb: baselineMb } = await look();
  let isOver = false;
  const sending = load.call("flood", { target, sources, ratePerSecond }).finally(() => {
    isOver = true;
  });
  const looks: Look[] = [];
  for (;;) {
    looks.push(await look());
    if (isOver) break;
    await wait(lookEveryMs);
  }
  const { ms } = await sending;
  const lap = await load.call("lap", { flow, pids: [pid] });
  await load.call("stop", { flow });
  return {
    ms,
    lap,
    baselineMb,
    mostMb: Math.max(...looks.map(({ residentMb }) => residentMb)),
    mostSessions: Math.max(...looks.map(({ sessions }) => sessions)),
  };
}
