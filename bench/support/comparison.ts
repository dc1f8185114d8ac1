import { setTimeout as wait } from "node:timers/promises";
import type { Address } from "../../src/model/address.ts";
import type { Lap, LoadVerbs, ReplicaVerbs } from "../actors/verbs.ts";
import type { Contender } from "../contenders/contender.ts";
import type { Bench } from "../scenarios/scenario.ts";
import type { Workload } from "../scenarios/tcp.ts";
import { Actor } from "./actor.ts";
import { compared, type Sample, tableOf } from "./comparison-table.ts";
import type { Report } from "./report.ts";

/** Part of a run that is thrown away, so that code is compiled and buffers have grown. */
const warmUpShare = 0.6;

/**
 * Sends one workload through each contender: proven correct first, then each alone, in turns whose order is
 * reversed from round to round, so that a machine that slows down harms all alike.
 */
export async function measureTraffic(workload: Workload, bench: Bench): Promise<Report> {
  const { cpus, runs, say } = bench;
  const { present, notes } = available(bench);
  if (present.length === 0) throw new Error(`there is nothing to measure: ${notes.join("; ")}`);
  await using replicas = Actor.start<ReplicaVerbs>("replicas.ts", { cpus: cpus.rest });
  await using load = Actor.start<LoadVerbs>("load.ts", { cpus: cpus.rest });
  const target = { host: "127.0.0.1", port: await openReplica(replicas, workload) };
  const samples: Sample[] = [];
  for (let round = 0; round < runs; round += 1) {
    say(`${workload.name}: round ${round + 1} of ${runs}`);
    const order = round % 2 === 0 ? present : present.toReversed();
    for (const { contender } of order) {
      const sample = await measure(contender, { workload, bench, load, target, round });
      samples.push(sample);
    }
  }
  const rows = compared(present, samples, workload.yardstick);
  return { ...tableOf(workload, rows), goals: workload.goals?.(rows) ?? [], notes };
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

interface Present {
  readonly contender: Contender;
  readonly version: string;
}

function available({ contenders, program }: Bench): { present: Present[]; notes: string[] } {
  const present: Present[] = [];
  const notes: string[] = [];
  for (const contender of contenders) {
    const found = contender.find(program);
    if (found.kind === "found") present.push({ contender, version: found.version });
    else notes.push(`${contender.name} is left out: ${found.reason}`);
  }
  return { present, notes };
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
  await wait(seconds * warmUpShare * 1000);
  const before = await load.call("lap", { flow, pids });
  await wait(seconds * 1000);
  const after = await load.call("lap", { flow, pids });
  await load.call("stop", { flow });
  return { contender: contender.name, round, ...figures(before, after, workload) };
}

function figures(before: Lap, after: Lap, workload: Workload): Omit<Sample, "contender" | "round"> {
  const seconds = (after.atMs - before.atMs) / 1000;
  const units = after.completed * workload.unitsPerRequest;
  const hasProxy = after.usage.residentBytes > 0;
  return {
    rate: units / seconds,
    cpuMicros: hasProxy ? ((after.usage.cpuMs - before.usage.cpuMs) * 1000) / units : undefined,
    latency: after.latency,
    residentBytes: hasProxy ? after.usage.residentBytes : undefined,
    failed: before.failed + after.failed,
  };
}
