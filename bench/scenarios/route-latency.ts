import { setTimeout as wait } from "node:timers/promises";
import { portolan } from "../contenders/portolan.ts";
import { freePorts } from "../support/ports.ts";
import type { Report } from "../support/report.ts";
import { Stage } from "../support/stage.ts";
import { percentile, rounded } from "../support/stats.ts";
import { formatNumber } from "../support/table.ts";
import type { Bench, Scenario } from "./scenario.ts";

const appCount = 10;
const limits = { p50: 120, p99: 400 } as const;
/** Before each sample a random wait up to this long, so that samples do not march in step with the proxy's timers. */
const longestPauseMs = 100;
const withinMs = 10_000;

export const routeLatency: Scenario = {
  name: "route-latency",
  purpose:
    "from Marathon's first event of a new task to the first answer of its replica through the service port, 10 apps (runs: samples)",
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

async function measureRouteLatency(bench: Bench): Promise<Report> {
  const { runs, say } = bench;
  await using stage = await Stage.open({ ...bench, replicas: 2 * appCount });
  const apps = await putApps(stage);
  await stage.startPortolan();
  const gone: number[] = [];
  const found: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    if (run % 50 === 0) say(`route-latency: sample ${run} of ${runs}`);
    const app = apps[run % apps.length];
    if (app === undefined) break;
    // Each app alternates between two replicas, so that the answer tells which task it came from.
    const replica = (run % appCount) + (Math.floor(run / appCount) % 2 === 0 ? appCount : 0);
    const sample = await takeSample(stage, app, replica);
    gone.push(sample.goneMs);
    found.push(sample.foundMs);
  }
  return toReport(found, gone);
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

function toReport(found: readonly number[], gone: readonly number[]): Report {
  const rows = [
    { what: "new task answers", values: found.toSorted((one, other) => one - other) },
    { what: "killed task is out", values: gone.toSorted((one, other) => one - other) },
  ];
  const percents = [50, 90, 99, 100];
  const [sorted = []] = rows.map(({ values }) => values);
  return {
    tables: [
      {
        title: `route-latency: ms from the event, ${found.length} samples, ${appCount} apps`,
        columns: ["what", "p50", "p90", "p99", "max"],
        rows: rows.map(({ what, values }) => [
          what,
          ...percents.map((percent) => formatNumber(percentile(values, percent))),
        ]),
      },
    ],
    figures: {
      samples: found.length,
      ...Object.fromEntries(
        rows.map(({ what, values }) => [
          what,
          Object.fromEntries(
            percents.map((percent) => [`p${percent}`, rounded(percentile(values, percent))]),
          ),
        ]),
      ),
    },
    goals: [
      { what: "p50", limit: limits.p50, measured: percentile(sorted, 50), unit: "ms" },
      { what: "p99", limit: limits.p99, measured: percentile(sorted, 99), unit: "ms" },
    ],
    notes: ["probes are 1 ms apart, so each figure is up to that much too long"],
  };
}
