import { availableParallelism } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import type { Address } from "../../src/model/address.ts";
import type { LoadVerbs, ReplicaVerbs } from "../actors/verbs.ts";
import { portolanWith } from "../contenders/portolan.ts";
import { Actor } from "../support/actor.ts";
import { alternate } from "../support/alternation.ts";
import { spreadWorkers } from "../support/affinity.ts";
import { unpinned } from "../support/cpus.ts";
import { watchedFiles } from "../support/epolls.ts";
import { threadsOf } from "../support/proc.ts";
import type { Report } from "../support/report.ts";
import { addressOf } from "../support/stage.ts";
import { isDataPlane } from "../support/threads.ts";
import type { Bench, Scenario } from "./scenario.ts";
import { type Sample, toReport } from "./workers-report.ts";

const counts = [1, 2, 4] as const;
const shapes = [
  { traffic: "lasting connections", isLasting: true },
  { traffic: "a connection per request", isLasting: false },
] as const;
const traffic = { connections: 64, requestBytes: 64, answerBytes: 128 } as const;
const heldConnections = 200;

const contenders = counts.map((workers) => ({
  ...portolanWith(workers === 1 ? "1 worker" : `${workers} workers`, { workers }),
  workers,
}));

export const workers: Scenario = {
  name: "workers",
  purpose:
    "CPU time per request with 1, 2 and 4 workers, each on a processor of its own as far as there are enough, and how evenly connections and requests are spread (seconds per stretch, runs of each in alternation)",
  seconds: 1,
  runs: 5,
  contenders,
  run: measureWorkers,
};

async function measureWorkers(bench: Bench): Promise<Report> {
  const { runs, say } = bench;
  const chosen = contenders.filter((contender) => bench.contenders.includes(contender));
  await using replicas = Actor.start<ReplicaVerbs>("replicas.ts", { cpus: undefined });
  await using load = Actor.start<LoadVerbs>("load.ts", { cpus: undefined });
  const [replica] = await replicas.call("open", { count: 1 });
  if (replica === undefined) throw new Error("no replica");
  const present = chosen.map((contender) => ({ contender }));
  const parts = { bench, load, replica: addressOf(replica) };
  const alternated = await alternate(present, { name: "workers", runs, say }, (contender, round) =>
    measure(contender, { ...parts, round }),
  );
  const report = toReport(alternated.samples.flat(), availableParallelism());
  return { ...report, notes: [...report.notes, ...alternated.notes] };
}

interface Turn {
  readonly bench: Bench;
  readonly load: Actor<LoadVerbs>;
  readonly replica: Address;
  readonly round: number;
}

async function measure(
  contender: (typeof contenders)[number],
  { bench, load, replica, round }: Turn,
): Promise<Sample[]> {
  const { cpus, program, seconds } = bench;
  await using running = await contender.start({
    replica,
    protocol: "tcp",
    program,
    cpus: unpinned,
  });
  const [pid = 0] = running.pids;
  const target = running.address;
  if (round === 0) await load.call("prove", { target });
  spreadWorkers(pid, cpus);
  const connections = await spreadOf(pid, { load, target, workers: contender.workers });
  const samples: Sample[] = [];
  for (const { traffic: name, isLasting } of shapes) {
    const flow = await load.call("start", { ...traffic, isLasting, targets: [target] });
    await wait(contender.warmUpMs ?? 0);
    const before = { lap: await load.call("lap", { flow, pids: [pid] }), used: workerMs(pid) };
    await wait(seconds * 1000);
    const after = { lap: await load.call("lap", { flow, pids: [pid] }), used: workerMs(pid) };
    await load.call("stop", { flow });
    const requests = after.used.map((ms, worker) => ms - (before.used[worker] ?? 0));
    const { workers: count } = contender;
    samples.push({
      workers: count,
      traffic: name,
      round,
      before: before.lap,
      after: after.lap,
      requests,
      connections,
    });
  }
  return samples;
}

/** How many of the connections that are held each worker has. */
async function spreadOf(
  pid: number,
  { load, target, workers: count }: { load: Actor<LoadVerbs>; target: Address; workers: number },
): Promise<number[]> {
  await load.call("hold", { targets: [target], connections: heldConnections });
  // Both sides of a connection are on the same loop; the main thread watches next to nothing.
  const shares = watchedFiles(pid).slice(0, count);
  await load.call("release", undefined);
  return shares;
}

/** CPU time of each worker so far. A request costs the same on each, so this tells where requests went. */
function workerMs(pid: number): number[] {
  return threadsOf(pid)
    .filter((thread) => isDataPlane(thread))
    .map(({ cpuMs }) => cpuMs);
}
