import { setTimeout as wait } from "node:timers/promises";
import { limits } from "../goals.ts";
import type { Lap } from "../actors/verbs.ts";
import { portolan } from "../contenders/portolan.ts";
import type { Portolan } from "../support/portolan.ts";
import { freePort } from "../support/ports.ts";
import type { Goal, Report } from "../support/report.ts";
import { addressOf, Stage } from "../support/stage.ts";
import { figureOf, rounded, type Figure } from "../support/stats.ts";
import { formatFigure, type Table } from "../support/table.ts";
import { ThreadWatch, type ThreadShares } from "../support/threads.ts";
import type { Bench, Scenario } from "./scenario.ts";

const replicas = 2000;
const settleMs = 4000;

export const probes: Scenario = {
  name: "probes",
  purpose:
    "what 2000 replicas that are probed every 2 s cost the control plane and a steady load, against the same without probes (seconds per phase, runs of both)",
  seconds: 6,
  runs: 3,
  contenders: [portolan],
  run: measureProbes,
};

interface Phase {
  readonly lap: Lap;
  readonly threads: ThreadShares;
  /** Per second. */
  readonly probes: number;
}

async function measureProbes(bench: Bench): Promise<Report> {
  const { runs, say } = bench;
  await using stage = await Stage.open({ ...bench, replicas: 2 });
  const { port } = await stage.replicaProcess.call("openEverywhere", undefined);
  await stage.marathon.call("loadSpread", { replicas, port });
  const servicePort = await freePort();
  await stage.marathon.call("putApp", { id: "/bench/web", servicePort });
  for (const replica of stage.replicas) {
    await stage.marathon.call("addTask", { app: "/bench/web", port: replica.port });
  }
  const phases: { quiet: Phase; probed: Phase }[] = [];
  for (let run = 0; run < runs; run += 1) {
    say(`probes: round ${run + 1} of ${runs}`);
    const quiet = await measure(stage, servicePort, { ...bench, health: "marathon" });
    phases.push({ quiet, probed: await measure(stage, servicePort, { ...bench, health: "both" }) });
  }
  return toReport(phases);
}

/** One proxy with a steady load through it, for one phase. */
async function measure(
  stage: Stage,
  servicePort: number,
  { seconds, health }: Pick<Bench, "seconds"> & { readonly health: string },
): Promise<Phase> {
  const proxy = await stage.startPortolan(["--health", health]);
  try {
    await proxy.listening(`127.0.0.1:${servicePort}`);
    const target = addressOf({ number: 0, port: servicePort });
    const shape = { connections: 32, isLasting: true, requestBytes: 64, answerBytes: 1024 };
    const flow = await stage.load.call("start", {
      ...shape,
      ratePerSecond: 400,
      targets: [target],
    });
    await wait(settleMs);
    await stage.load.call("lap", { flow, pids: [] });
    const watch = new ThreadWatch(proxy.pid);
    const before = await probesOf(proxy);
    await wait(seconds * 1000);
    const lap = await stage.load.call("lap", { flow, pids: [] });
    const counted = (await probesOf(proxy)) - before;
    const threads = watch.shares();
    await stage.load.call("stop", { flow });
    return { lap, threads, probes: counted / seconds };
  } finally {
    await proxy[Symbol.asyncDispose]();
  }
}

function probesOf(proxy: Portolan): Promise<number> {
  return proxy.metric("portolan_checks_total");
}

type Read = (phase: Phase) => number;

const columns: readonly (readonly [heading: string, read: Read])[] = [
  ["probes/s", ({ probes: count }) => count],
  ["control plane, % of a processor", ({ threads }) => 100 * threads.main],
  ["p50, ms", ({ lap }) => lap.latency.p50],
  ["p99, ms", ({ lap }) => lap.latency.p99],
];

function toReport(phases: readonly { quiet: Phase; probed: Phase }[]): Report {
  const row = (name: "quiet" | "probed"): string[] => [
    name === "quiet" ? "without probes" : `${replicas} replicas probed every 2 s`,
    ...columns.map(([, read]) => formatFigure(figure(phases.map((phase) => read(phase[name]))))),
  ];
  const table: Table = {
    title: "probes: median of all runs, in brackets the least and the most",
    columns: ["", ...columns.map(([heading]) => heading)],
    rows: [row("quiet"), row("probed")],
  };
  const share = figure(phases.map(({ probed }) => probed.threads.main)).median;
  const ratio = figure(
    phases.map(({ quiet, probed }) => probed.lap.latency.p99 / quiet.lap.latency.p99),
  );
  const failed = phases.reduce(
    (sum, { quiet, probed }) => sum + quiet.lap.failed + probed.lap.failed,
    0,
  );
  const goals: Goal[] = [
    {
      what: "share of a processor on the control thread",
      limit: limits.probesShare,
      measured: share,
      unit: "",
    },
    {
      what: "p99 with probes, × without",
      limit: limits.probesP99,
      measured: ratio.median,
      unit: "",
    },
    { what: "failed requests", limit: 0, measured: failed, unit: "" },
  ];
  const figures = { share: rounded(share), p99Ratio: rounded(ratio.median), failed };
  return { tables: [table], figures, goals, notes: [] };
}

function figure(values: readonly number[]): Figure {
  const found = figureOf(values);
  if (found === undefined) throw new Error("nothing was measured");
  return found;
}
