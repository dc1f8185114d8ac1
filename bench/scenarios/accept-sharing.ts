import { setTimeout as wait } from "node:timers/promises";
import type { Lap, LoadVerbs, WorkerShare } from "../actors/verbs.ts";
import { type RunningSharing, type SharingContender, sharings } from "../contenders/sharing.ts";
import { Actor } from "../support/actor.ts";
import { placeThreads } from "../support/affinity.ts";
import type { Cpus } from "../support/cpus.ts";
import type { Report } from "../support/report.ts";
import { type Sample, toReport } from "./accept-sharing-report.ts";
import type { Bench, Scenario } from "./scenario.ts";

const workerCounts = [2, 4] as const;
const traffic = { isLasting: false, requestBytes: 64, answerBytes: 128 } as const;
const warmUpMs = 600;
const longConnections = 200;
const bursts = { burstMs: 200, everyMs: 400 } as const;
/** How often a worker is taken out of rotation and back, and the time it stays in each state. */
const retirements = { count: 20, everyMs: 25 } as const;

export const acceptSharing: Scenario = {
  name: "accept-sharing",
  purpose:
    "how 2 and 4 worker threads share one port: each listens with reusePort, the main thread accepts and hands over, or a thread of its own does (seconds per stretch, runs of each in alternation)",
  seconds: 1,
  runs: 3,
  contenders: sharings,
  run: measureSharing,
};

async function measureSharing(bench: Bench): Promise<Report> {
  const { contenders, cpus, runs, say } = bench;
  const chosen = sharings.filter((sharing) => contenders.includes(sharing));
  await using load = Actor.start<LoadVerbs>("load.ts", { cpus: cpus.rest });
  const samples: Sample[] = [];
  for (let run = 0; run < runs; run += 1) {
    for (const workers of workerCounts) {
      say(`accept-sharing: round ${run + 1} of ${runs}, ${workers} workers`);
      const order = run % 2 === 0 ? chosen : chosen.toReversed();
      for (const sharing of order)
        samples.push(await measure(sharing, { workers, bench, load, isFirst: run === 0 }));
    }
  }
  return toReport(samples);
}

interface Turn {
  readonly workers: number;
  readonly bench: Bench;
  readonly load: Actor<LoadVerbs>;
  /** Prove it correct before anything is measured. */
  readonly isFirst: boolean;
}

async function measure(sharing: SharingContender, turn: Turn): Promise<Sample> {
  const { workers, load, isFirst } = turn;
  const { cpus, seconds } = turn.bench;
  await using running = await sharing.open({ workers, cpus });
  if (isFirst) await load.call("prove", { target: running.address });
  const session = new Session(load, running, seconds * 1000);
  const flooded = await session.flooded();
  const long = await session.long();
  separate(running, cpus);
  const paced = await session.paced();
  join(running, cpus);
  const retired = await session.retired(workers);
  const failed = flooded.failed + paced.quiet.failed + paced.blocked.failed;
  return { sharing: sharing.name, workers, ...flooded, long, ...paced, retired, failed };
}

/** The main thread has a processor of its own, so that only what threads do to each other is left to see. */
function separate({ pids }: RunningSharing, { proxy, rest }: Cpus): void {
  if (proxy === undefined || rest === undefined) return;
  for (const pid of pids) placeThreads(pid, { control: proxy, data: rest });
}

function join({ pids }: RunningSharing, { proxy }: Cpus): void {
  if (proxy === undefined) return;
  for (const pid of pids) placeThreads(pid, { control: proxy, data: proxy });
}

/** One process under load, in several ways one after another. */
class Session {
  readonly #load: Actor<LoadVerbs>;
  readonly #running: RunningSharing;
  readonly #ms: number;

  constructor(load: Actor<LoadVerbs>, running: RunningSharing, ms: number) {
    this.#load = load;
    this.#running = running;
    this.#ms = ms;
  }

  /** As many new connections as there can be. */
  async flooded(): Promise<Pick<Sample, "rate" | "cpuMicros" | "short"> & { failed: number }> {
    const flow = await this.#start({ connections: 32 });
    await wait(warmUpMs);
    const before = await this.#lap(flow);
    const sharesBefore = await this.#shares();
    await wait(this.#ms);
    const after = await this.#lap(flow);
    const shares = await this.#shares();
    await this.#load.call("stop", { flow });
    const accepted = shares.map((share, worker) => {
      return share.accepted - (sharesBefore[worker]?.accepted ?? 0);
    });
    return {
      rate: (1000 * after.completed) / (after.atMs - before.atMs),
      cpuMicros: (1000 * (after.usage.cpuMs - before.usage.cpuMs)) / after.completed,
      short: accepted,
      failed: before.failed + after.failed,
    };
  }

  /** Connections that stay: how many each worker has. */
  async long(): Promise<readonly number[]> {
    const targets = [this.#running.address];
    await this.#load.call("hold", { targets, connections: longConnections });
    const shares = await this.#shares();
    await this.#load.call("release", undefined);
    return shares.map(({ open }) => open);
  }

  /** New connections at a fixed rate, without and with a main thread that is busy every now and then. */
  async paced(): Promise<Pick<Sample, "quiet" | "blocked">> {
    const flow = await this.#start({ connections: 32, ratePerSecond: 400 });
    await wait(warmUpMs);
    await this.#lap(flow);
    await wait(this.#ms);
    const quiet = await this.#lap(flow);
    await this.#running.actor.call("block", bursts);
    await wait(Math.max(this.#ms, 2 * bursts.everyMs));
    const blocked = await this.#lap(flow);
    await this.#running.actor.call("unblock", undefined);
    await this.#load.call("stop", { flow });
    return { quiet, blocked };
  }

  /** One worker after another stops taking connections under full load, and begins again. */
  async retired(workers: number): Promise<Sample["retired"]> {
    const flow = await this.#start({ connections: 64 });
    await wait(warmUpMs);
    const before = await this.#lap(flow);
    for (let done = 0; done < retirements.count; done += 1) {
      const worker = done % workers;
      await this.#running.actor.call("retire", { worker });
      await wait(retirements.everyMs);
      await this.#running.actor.call("restore", { worker });
      await wait(retirements.everyMs);
    }
    const { completed, failed, failures } = await this.#lap(flow);
    await this.#load.call("stop", { flow });
    return {
      closings: retirements.count,
      completed,
      failed,
      failedBefore: before.failed,
      failures,
    };
  }

  async #start(shape: { connections: number; ratePerSecond?: number }): Promise<number> {
    return await this.#load.call("start", {
      ...traffic,
      ...shape,
      targets: [this.#running.address],
    });
  }

  async #lap(flow: number): Promise<Lap> {
    return await this.#load.call("lap", { flow, pids: this.#running.pids });
  }

  async #shares(): Promise<readonly WorkerShare[]> {
    return await this.#running.actor.call("shares", undefined);
  }
}
