import { setTimeout as wait } from "node:timers/promises";
import { limits } from "../goals.ts";
import type { Lap } from "../actors/verbs.ts";
import { portolan } from "../contenders/portolan.ts";
import { freePort } from "../support/ports.ts";
import { residentBytes } from "../support/proc.ts";
import type { Report } from "../support/report.ts";
import { Stage } from "../support/stage.ts";
import { rounded } from "../support/stats.ts";
import { formatNumber, megabytes } from "../support/table.ts";
import type { Bench, Scenario } from "./scenario.ts";

const sources = 100_000;
const ratePerSecond = 20_000;
const active = { connections: 100, ratePerSecond: 1000, requestBytes: 200, answerBytes: 200 };
const lookEveryMs = 250;

export const udpFlood: Scenario = {
  name: "udp-flood",
  purpose: `${sources} addresses send one datagram each while ${active.connections} clients go on (seconds of warming up)`,
  seconds: 5,
  runs: 1,
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
  const flooded = await flood(bench);
  const { lap, baselineMb, mostMb, mostSessions: sessions, ms } = flooded;
  const lost = (lap.failed / Math.max(1, lap.failed + lap.completed)) * 100;
  const measured = { growthMb: mostMb - baselineMb, sessions, lost, floodSeconds: ms / 1000 };
  const columns = ["growth, MB", "most sessions", "lost of active clients, %", "flood, s"];
  const { growthMb, floodSeconds } = measured;
  const row = [growthMb, sessions, lost, floodSeconds].map((value) => formatNumber(value));
  return {
    tables: [
      {
        title: `udp-flood: ${sources} one-shot addresses beside ${active.connections} clients`,
        columns: ["", ...columns],
        rows: [["portolan", ...row]],
      },
    ],
    figures: Object.fromEntries(
      Object.entries(measured).map(([name, value]) => [name, rounded(value)]),
    ),
    goals: [
      { what: "growth", limit: limits.floodGrowthMb, measured: growthMb, unit: "MB" },
      { what: "sessions", limit: limits.floodSessions, measured: sessions, unit: "" },
      { what: "lost of active clients", limit: limits.floodLostPercent, measured: lost, unit: "%" },
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
