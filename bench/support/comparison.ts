import { setTimeout as wait } from "node:timers/promises";
import type { Address } from "../../src/model/address.ts";
import type { Lap, LoadVerbs, ReplicaVerbs } from "../actors/verbs.ts";
import type { Contender } from "../contenders/contender.ts";
import type { Bench } from "../scenarios/scenario.ts";
import type { Workload } from "../scenarios/tcp.ts";
import { Actor } from "./actor.ts";
import { alternate } from "./alternation.ts";
import { available } from "./available.ts";
import { comparisonGoals } from "./comparison-goals.ts";
import { compared, type Row, type Sample, tableOf } from "./comparison-table.ts";
import type { Report } from "./report.ts";

/** How much of a run is thrown away, in ms, where the contender does not ask for more. */
const usualWarmUpMs = 1200;

/** What a workload has shown. */
export interface Comparison {
  readonly rows: readonly Row[];
  /** Who was left out, and why. */
  readonly notes: readonly string[];
}

/** Compares the contenders under one workload and makes a report of it. */
export async function measureTraffic(workload: Workload, bench: Bench): Promise<Report> {
  return reportOf(workload, await compareTraffic(workload, bench));
}

export function reportOf(workload: Workload, { rows, notes }: Comparison): Report {
  return { ...tableOf(workload, rows), goals: comparisonGoals(workload, rows), notes };
}

/** Sends one workload through each contender: proven correct first, then each alone, in turns. */
export async function compareTraffic(workload: Workload, bench: Bench): Promise<Comparison> {
  const { cpus, runs, say } = bench;
  const { present, notes } = available(bench);
  if (present.length === 0) throw new Error(`there is nothing to measure: ${notes.join("; ")}`);
  await using replicas = Actor.start<ReplicaVerbs>("replicas.ts", { cpus: cpus.rest });
  await using load = Actor.start<LoadVerbs>("load.ts", { cpus: cpus.rest });
  const target = { host: "127.0.0.1", port: await openReplica(replicas, workload) };
  const turns = { name: workload.name, runs, say };
  const alternated = await alternate(present, turns, (contender, round) =>
    measure(contender, { workload, bench, load, target, round }),
  );
  const rows = compared(present, alternated, workload.yardstick);
  return { rows, notes: [...notes, ...alternated.notes] };
}

async function openReplica(
  replicas: Actor<ReplicaVerbs>,
  { protocol, isHttp = false }: Workload,
): Promise<number> {
  if (isHttp) return (await replicas.call("openHttp", undefined)).port;
  if (protocol === "udp") return (await replicas.call("openDatagrams", undefined)).port;
  const [replica] = await replicas.call("open", { count: 1 });
  return replica?.port ?? 0;
}

interface Turn {
  readonly workload: Workload;
  readonly bench: Bench;
  readonly load: Actor<LoadVerbs>;
  /** The replica itself. */
  readonly target: Address;
  readonly round: number;
}

async function measure(contender: Contender, turn: Turn): Promise<Sample> {
  const { workload, bench, load, target, round } = turn;
  const { cpus, program, seconds } = bench;
  const { protocol, isHttp = false } = workload;
  await using running = await contender.start({ replica: target, protocol, cpus, program });
  if (round === 0) await load.call("prove", { target: running.address, protocol, isHttp });
  const flow = await load.call("start", { ...workload, targets: [running.address] });
  const { pids } = running;
  try {
    await wait(contender.warmUpMs ?? usualWarmUpMs);
    const before = await load.call("lap", { flow, pids });
    await wait(seconds * 1000);
    const after = await load.call("lap", { flow, pids });
    return { contender: contender.name, round, ...figures(before, after, workload) };
  } finally {
    await load.call("stop", { flow });
  }
}

function figures(before: Lap, after: Lap, workload: Workload): Omit<Sample, "contender" | "round"> {
  const seconds = (after.atMs - before.atMs) / 1000;
  const units = after.completed * workload.unitsPerRequest;
  const hasProxy = after.usage.residentBytes > 0;
  const cpuMs = after.usage.cpuMs - before.usage.cpuMs;
  return {
    rate: units / seconds,
    cpuMicros: hasProxy ? (cpuMs * 1000) / units : undefined,
    cpuSeconds: hasProxy ? cpuMs / 1000 : undefined,
    latency: after.latency,
    residentBytes: hasProxy ? after.usage.residentBytes : undefined,
    failed: before.failed + after.failed,
    seconds,
  };
}
