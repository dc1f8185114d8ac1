import { setTimeout as wait } from "node:timers/promises";
import type { MarathonTraffic } from "../actors/verbs.ts";
import { portolan } from "../contenders/portolan.ts";
import type { Report } from "../support/report.ts";
import { Stage } from "../support/stage.ts";
import { formatNumber } from "../support/table.ts";
import {
  mmsdLoad,
  portolanLoad,
  proxymaticLoad,
  type Load,
  type Observed,
  type Sizes,
} from "./load-on-marathon-models.ts";
import type { Bench, Scenario } from "./scenario.ts";

const cluster = { apps: 1000, tasksPerApp: 10, padBytesPerTask: 100 } as const;
const app = "/group-1/app-1";
/** The tasks of the cluster are nobody's, and their service ports are fixed. */
const flags = ["--bind", "127.77.0.2", "--health", "marathon"];
const hour = 3_600_000;
/** Reading goes on this fast here, so that an hour need not be waited for. */
const shortIntervalMs = 5000;
const usualIntervalMs = 60_000;
/** A task of a rolling restart is replaced this often. */
const stepMs = 2000;
/** Long enough for a look after the last event and the one that confirms it. */
const settleMs = 2500;
const replacements = 100;

export const loadOnMarathon: Scenario = {
  name: "load-on-marathon",
  purpose:
    "requests and bytes that one proxy costs Marathon, 1,000 apps with 10,000 tasks: portolan's counted, proxymatic's and mmsd's reckoned from what they do (seconds of reading without a change)",
  seconds: 60,
  runs: 1,
  contenders: [portolan],
  run: measureLoad,
};

/** What happens, and what it was counted to cost. */
interface Case {
  readonly what: string;
  readonly observed: Observed;
}

async function measureLoad(bench: Bench): Promise<Report> {
  await using stage = await Stage.open({ ...bench, replicas: cluster.tasksPerApp });
  const ports = stage.replicas.map(({ port }) => port);
  await stage.marathon.call("loadLarge", { ...cluster, ports });
  const quiet = await measureQuiet(stage, bench);
  await using proxy = await stage.startPortolan(flags);
  await proxy.ready();
  const one = await counted(stage, "one task replaced", () => roll(stage, 1));
  const ten = await counted(stage, "rolling restart of an app of 10", () => roll(stage, 10));
  return toReport([one, ten, quiet, busyHour(quiet, one)], await sizesOf(stage));
}

/** Hours without a change, from a shorter stretch with shorter intervals. */
async function measureQuiet(stage: Stage, { seconds, say }: Bench): Promise<Case> {
  const interval = `${shortIntervalMs}ms`;
  await using proxy = await stage.startPortolan([...flags, "--refresh-interval", interval]);
  await proxy.ready();
  await wait(settleMs);
  say(`load-on-marathon: ${seconds} s without a change`);
  const { observed } = await counted(stage, "", () => wait(seconds * 1000 - settleMs));
  const scale = (hour / (seconds * 1000)) * (shortIntervalMs / usualIntervalMs);
  const requests = Object.fromEntries(
    Object.entries(observed.requests).map(([kind, count]) => [kind, Math.round(count * scale)]),
  );
  return {
    what: "an hour without a change",
    observed: { requests, events: {}, steps: 0, hours: 1 },
  };
}

async function roll(stage: Stage, tasks: number): Promise<number> {
  await stage.marathon.call("rollApp", { app, everyMs: stepMs, tasks });
  return tasks;
}

async function counted(
  stage: Stage,
  what: string,
  run: () => Promise<number | void>,
): Promise<Case> {
  await wait(settleMs);
  await stage.marathon.call("watchTraffic", undefined);
  const steps = (await run()) ?? 0;
  await wait(settleMs);
  const traffic: MarathonTraffic = await stage.marathon.call("traffic", undefined);
  return { what, observed: { ...traffic, steps, hours: 0 } };
}

async function sizesOf({ marathon }: Stage): Promise<Sizes> {
  const sizeOf = async (path: string): Promise<number> =>
    (await marathon.call("sizeOf", { path })).bytes;
  return {
    apps: await sizeOf("/v2/apps?embed=apps.tasks"),
    app: await sizeOf(`/v2/apps${app}`),
    tasks: await sizeOf("/v2/tasks"),
    version: await sizeOf(`/v2/apps${app}/versions`),
  };
}

/** An hour in which many tasks are replaced, each on its own. */
function busyHour(quiet: Case, one: Case): Case {
  const both = (part: "requests" | "events"): Record<string, number> => {
    const sum = new Map(Object.entries(quiet.observed[part]));
    for (const [kind, count] of Object.entries(one.observed[part]))
      sum.set(kind, (sum.get(kind) ?? 0) + replacements * count);
    return Object.fromEntries(sum);
  };
  const observed = { requests: both("requests"), events: both("events") };
  const what = `an hour with ${replacements} tasks replaced`;
  return { what, observed: { ...observed, steps: replacements, hours: 1 } };
}

function toReport(cases: readonly Case[], sizes: Sizes): Report {
  const models = { portolan: portolanLoad, proxymatic: proxymaticLoad, mmsd: mmsdLoad };
  const rows = cases.flatMap(({ what, observed }) =>
    Object.entries(models).map(([name, model]) => ({ what, name, load: model(observed, sizes) })),
  );
  return {
    tables: [
      {
        title: "load-on-marathon: what one proxy asks of Marathon, 1,000 apps with 10,000 tasks",
        columns: ["what", "proxy", "requests", "MB"],
        rows: rows.map(({ what, name, load }) => [
          what,
          name,
          formatNumber(load.requests),
          mb(load),
        ]),
      },
    ],
    figures: {
      ...Object.fromEntries(rows.map(({ what, name, load }) => [`${what}, ${name}`, { ...load }])),
      bytes: { ...sizes },
    },
    goals: [],
    notes: [
      "portolan is counted; proxymatic and mmsd are reckoned from their code, where in doubt in their favour",
      "proxymatic reads the list of all tasks for each burst of events; mmsd reads one app per event, and never again what it missed",
      "an hour is reckoned from reads every 5 s; the time they take makes it a little less than it should be",
    ],
  };
}

function mb({ bytes }: Load): string {
  return formatNumber(bytes / 1e6);
}
