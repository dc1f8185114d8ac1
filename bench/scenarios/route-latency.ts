import { setTimeout as wait } from "node:timers/promises";
import { limits } from "../goals.ts";
import { portolan } from "../contenders/portolan.ts";
import type { Portolan } from "../support/portolan.ts";
import { freePorts } from "../support/ports.ts";
import type { Figures, Report } from "../support/report.ts";
import { Stage } from "../support/stage.ts";
import { percentile, rounded } from "../support/stats.ts";
import { formatNumber } from "../support/table.ts";
import { until } from "../support/until.ts";
import type { Bench, Scenario } from "./scenario.ts";

const appCount = 10;
/** 1,000 apps with 10,000 tasks, all of which are probed, beside the apps that are measured. */
const crowd = { replicas: 10_000, perApp: 10, checkSeconds: 10 } as const;
const sizes = [
  { name: "10 apps", isCrowded: false, p99: limits.routeMs },
  { name: "1,000 apps with 10,000 tasks", isCrowded: true, p99: limits.routeLargeMs },
] as const;
/** Before each sample a random wait up to this long, so that samples do not march in step with the proxy's timers. */
const longestPauseMs = 100;
const withinMs = 10_000;

export const routeLatency: Scenario = {
  name: "route-latency",
  purpose:
    "from Marathon's first event of a new task to the first answer of its replica through the service port, in a small and in a large cluster (runs: samples in each)",
  seconds: 0,
  runs: 200,
  contenders: [portolan],
  run: measureRouteLatency,
};

/** An app with the one task it has now. */
interface App {
  readonly id: string;
  readonly port: number;
  task: string;
}

type Size = (typeof sizes)[number];

/** What was measured in a cluster of one size, sorted. */
interface Samples {
  readonly size: Size;
  readonly found: readonly number[];
  readonly gone: readonly number[];
}

async function measureRouteLatency(bench: Bench): Promise<Report> {
  const measured: Samples[] = [];
  for (const size of sizes) measured.push(await measureSize(bench, size));
  return toReport(measured);
}

async function measureSize(bench: Bench, size: Size): Promise<Samples> {
  const { runs, say } = bench;
  await using stage = await Stage.open({ ...bench, replicas: 2 * appCount });
  if (size.isCrowded) {
    const { port } = await stage.replicaProcess.call("openEverywhere", undefined);
    await stage.marathon.call("loadSpread", { ...crowd, port });
  }
  const apps = await putApps(stage);
  const proxy = await stage.startPortolan();
  for (const { port } of apps) await proxy.listening(`127.0.0.1:${port}`);
  if (size.isCrowded) await probedOnce(proxy);
  const gone: number[] = [];
  const found: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    if (run % 50 === 0) say(`route-latency: ${size.name}, sample ${run} of ${runs}`);
    const app = apps[run % apps.length];
    if (app === undefined) break;
    // Each app alternates between two replicas, so that the answer tells which task it came from.
    const replica = (run % appCount) + (Math.floor(run / appCount) % 2 === 0 ? appCount : 0);
    const sample = await takeSample(stage, app, replica);
    gone.push(sample.goneMs);
    found.push(sample.foundMs);
  }
  return { size, found: found.toSorted(ascending), gone: gone.toSorted(ascending) };
}

async function putApps(stage: Stage): Promise<App[]> {
  const ports = await freePorts(appCount);
  const apps: App[] = [];
  for (const [index, port] of ports.entries()) {
    const id = `/bench/app-${index}`;
    await stage.marathon.call("putApp", { id, servicePort: port });
    const placement = { app: id, port: stage.replica(index).port };
    apps.push({ id, port, task: (await stage.marathon.call("addTask", placement)).task });
  }
  return apps;
}

/** A cluster in operation is measured, not the start: its tasks are all known to be up. */
async function probedOnce(proxy: Portolan): Promise<void> {
  const isDone = async (): Promise<boolean> =>
    (await proxy.metric("portolan_checks_total")) >= crowd.replicas;
  await until(isDone, { what: "every task is probed", withinMs: 120_000, everyMs: 1000 });
}

/** Takes the app's only task away, waits until nobody answers, adds another one and waits for its answer. */
async function takeSample(
  { load, marathon, ...stage }: Stage,
  app: App,
  index: number,
): Promise<{ goneMs: number; foundMs: number }> {
  const { number, port } = stage.replicas[index] ?? { number: 0, port: 0 };
  const target = { host: "127.0.0.1", port: app.port };
  const removed = await marathon.call("removeTask", { task: app.task });
  const gone = await load.call("probe", { target, wanted: null, withinMs });
  await wait(Math.random() * longestPauseMs);
  const answered = load.call("probe", { target, wanted: number, withinMs });
  const added = await marathon.call("addTask", { app: app.id, port });
  app.task = added.task;
  return { goneMs: gone.atMs - removed.atMs, foundMs: (await answered).atMs - added.atMs };
}

const percents = [50, 90, 99, 100];

function toReport(measured: readonly Samples[]): Report {
  return {
    tables: [
      {
        title: `route-latency: ms from the event, ${measured[0]?.found.length ?? 0} samples each`,
        columns: ["cluster", "what", "p50", "p90", "p99", "max"],
        rows: measured.flatMap(({ size, found, gone }) => [
          [size.name, "new task answers", ...cells(found)],
          [size.name, "killed task is out", ...cells(gone)],
        ]),
      },
    ],
    figures: Object.fromEntries(
      measured.map(({ size, found, gone }) => [
        size.name,
        {
          samples: found.length,
          "new task answers": figures(found),
          "killed task is out": figures(gone),
        },
      ]),
    ),
    goals: measured.map(({ size, found }) => {
      const p99 = percentile(found, 99);
      return { what: `p99, ${size.name}`, limit: size.p99, measured: p99, unit: "ms" };
    }),
    notes: [
      "probes are 1 ms apart, so each figure is up to that much too long",
      "the proxy waits 20 ms after an event for more of them",
    ],
  };
}

function cells(values: readonly number[]): readonly string[] {
  return percents.map((percent) => formatNumber(percentile(values, percent)));
}

function figures(values: readonly number[]): Figures {
  return Object.fromEntries(
    percents.map((percent) => [`p${percent}`, rounded(percentile(values, percent))]),
  );
}

function ascending(one: number, other: number): number {
  return one - other;
}
