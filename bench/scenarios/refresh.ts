import { setTimeout as wait } from "node:timers/promises";
import type { Lap } from "../actors/verbs.ts";
import { portolan, portolanWarmUpMs } from "../contenders/portolan.ts";
import { place, placementsOf } from "../support/affinity.ts";
import type { Portolan } from "../support/portolan.ts";
import { peakResidentBytes, residentBytes } from "../support/proc.ts";
import { addressOf, Stage } from "../support/stage.ts";
import type { Report } from "../support/report.ts";
import { ThreadWatch } from "../support/threads.ts";
import { until } from "../support/until.ts";
import { type Phase, type Round, toReport } from "./refresh-report.ts";
import type { Bench, Scenario } from "./scenario.ts";

const cluster = { apps: 1000, tasksPerApp: 10, padBytesPerTask: 3000 } as const;
/** An address of its own, since the service ports of the cluster are fixed and another program may have some. */
const bindHost = "127.77.0.1";
const settleMs = 1500;
/** Less than a list takes, so that the next one is asked for while one is read. */
const resyncEveryMs = 200;

export const refresh: Scenario = {
  name: "refresh",
  purpose:
    "latency of a steady keep-alive load while 10 000 tasks are read again and again, against the quiet value (seconds per phase, runs of both phases in each placement)",
  seconds: 3,
  runs: 4,
  contenders: [portolan],
  run: measureRefresh,
};

async function measureRefresh(bench: Bench): Promise<Report> {
  const { runs, say } = bench;
  await using stage = await Stage.open({ ...bench, replicas: cluster.tasksPerApp });
  const ports = stage.replicas.map(({ port }) => port);
  const large = await stage.marathon.call("loadLarge", { ...cluster, ports });
  say(`refresh: ${Math.round(large.bytes / 1e6)} MB of JSON`);
  const startedAt = performance.now();
  // Between the busy phases no list may be read, so only we ask for it.
  const flags = ["--bind", bindHost, "--refresh-interval", "1h"];
  const proxy = await stage.startPortolan(flags);
  const startMs = performance.now() - startedAt;
  const session = await Session.open(stage, proxy, large.servicePort);
  await wait(portolanWarmUpMs);
  const found = placementsOf(bench.cpus);
  const placements = found.length === 0 ? [undefined] : found;
  const rounds: Round[] = [];
  for (let run = 0; run < runs; run += 1) {
    for (const placement of placements) {
      const name = placement?.name ?? "not pinned";
      say(`refresh: round ${run + 1} of ${runs}, ${name}`);
      if (placement !== undefined)
        place({ portolan: proxy.pid, marathon: stage.marathon.pid }, placement);
      await wait(settleMs);
      const quiet = await session.phase(bench.seconds);
      rounds.push({ placement: name, quiet, busy: await session.busyPhase(bench.seconds) });
    }
  }
  const memory = { resident: residentBytes(proxy.pid), peak: peakResidentBytes(proxy.pid) };
  const lastSyncMs = 1000 * (await proxy.metric("portolan_discovery_sync_duration_seconds"));
  return toReport({
    rounds,
    lastSyncMs,
    startMs,
    bytes: large.bytes,
    memory,
    said: proxy.said,
  });
}

/** Two equal loads at once: one through the proxy, one straight to the replicas, which shows what the machine does. */
class Session {
  readonly #stage: Stage;
  readonly #proxy: Portolan;
  readonly #flows: { readonly proxied: number; readonly straight: number };

  private constructor(stage: Stage, proxy: Portolan, flows: { proxied: number; straight: number }) {
    this.#stage = stage;
    this.#proxy = proxy;
    this.#flows = flows;
  }

  static async open(stage: Stage, proxy: Portolan, servicePort: number): Promise<Session> {
    const shape = { connections: 32, isLasting: true, requestBytes: 64, answerBytes: 1024 };
    const paced = { ...shape, ratePerSecond: 400 };
    const service = { host: bindHost, port: servicePort };
    await stage.load.call("prove", { target: service });
    const proxied = await stage.load.call("start", { ...paced, targets: [service] });
    const targets = stage.replicas.map((replica) => addressOf(replica));
    const straight = await stage.load.call("start", { ...paced, targets });
    return new Session(stage, proxy, { proxied, straight });
  }

  /** The load for some time, whatever goes on beside it. */
  async phase(seconds: number): Promise<Phase> {
    await this.#laps();
    const watch = new ThreadWatch(this.#proxy.pid);
    const before = await this.#proxy.syncs();
    const syncMs = await this.#watchSyncs(seconds);
    const after = await this.#proxy.syncs();
    const syncs = after.syncs - before.syncs;
    return { ...(await this.#laps()), syncs, syncMs, threads: watch.shares() };
  }

  /** The same while one change follows another and the whole list is asked for again while it is still read. */
  async busyPhase(seconds: number): Promise<Phase> {
    const before = await this.#proxy.syncs();
    await this.#stage.marathon.call("startChanges", { everyMs: 40 });
    // After an event that names its apps only those are read; what an operator asks for is the list.
    const resyncs = setInterval(() => this.#proxy.resync(), resyncEveryMs);
    try {
      const what = "the first list is read";
      await until(async () => (await this.#proxy.syncs()).syncs > before.syncs, { what });
      return await this.phase(seconds);
    } finally {
      clearInterval(resyncs);
      await this.#stage.marathon.call("stopChanges", undefined);
      await this.#quiet();
    }
  }

  async #laps(): Promise<{ proxied: Lap; straight: Lap }> {
    const { proxied, straight } = this.#flows;
    const pids = [this.#proxy.pid];
    return {
      proxied: await this.#stage.load.call("lap", { flow: proxied, pids }),
      straight: await this.#stage.load.call("lap", { flow: straight, pids: [] }),
    };
  }

  /** Waits, and notes how long each reading took; cheap enough not to be a load itself. */
  async #watchSyncs(seconds: number): Promise<number[]> {
    const deadline = performance.now() + seconds * 1000;
    const seen = new Map<number, number>();
    let first: number | undefined;
    while (performance.now() < deadline) {
      const { syncs, lastMs } = await this.#proxy.syncs();
      first ??= syncs;
      if (syncs > first) seen.set(syncs, lastMs);
      await wait(200);
    }
    return [...seen.values()];
  }

  /** The last change is confirmed by a further look; after that there is none. */
  async #quiet(): Promise<void> {
    let last = { syncs: -1, at: performance.now() };
    await until(
      async () => {
        const { syncs } = await this.#proxy.syncs();
        if (syncs !== last.syncs) last = { syncs, at: performance.now() };
        return performance.now() - last.at > settleMs;
      },
      { what: "no further list is read", everyMs: 100 },
    );
  }
}
