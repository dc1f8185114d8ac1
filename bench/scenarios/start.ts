import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { limits } from "../goals.ts";
import { portolan } from "../contenders/portolan.ts";
import { monotonicMs } from "../support/monotonic.ts";
import { freePort } from "../support/ports.ts";
import type { Report } from "../support/report.ts";
import { Stage } from "../support/stage.ts";
import { figureOf, type Figure } from "../support/stats.ts";
import { formatFigure } from "../support/table.ts";
import { until } from "../support/until.ts";
import type { Bench, Scenario } from "./scenario.ts";

const crowd = { replicas: 10_000, perApp: 10, checkSeconds: 10 } as const;
const withinMs = 60_000;

export const start: Scenario = {
  name: "start",
  purpose:
    "from the start of the program to the first answer through a service port, 1,000 apps with 10,000 tasks: from Marathon, and from the state file while Marathon is down (runs: starts of each)",
  seconds: 0,
  runs: 5,
  contenders: [portolan],
  run: measureStart,
};

async function measureStart(bench: Bench): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), "portolan-bench-"));
  try {
    return await measure(bench, join(folder, "state.json"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(bench: Bench, stateFile: string): Promise<Report> {
  const { runs, say } = bench;
  await using stage = await Stage.open({ ...bench, replicas: 1 });
  const { port } = await stage.replicaProcess.call("openEverywhere", undefined);
  await stage.marathon.call("loadSpread", { ...crowd, port });
  const servicePort = await freePort();
  await stage.marathon.call("putApp", { id: "/bench/web", servicePort });
  await stage.marathon.call("addTask", { app: "/bench/web", port: stage.replica(0).port });
  const fromMarathon: number[] = [];
  const fromFile: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    say(`start: ${run + 1} of ${runs}`);
    fromMarathon.push(await startOnce(stage, servicePort, stateFile));
    await stage.marathon.call("setDown", { isDown: true });
    fromFile.push(await startOnce(stage, servicePort, stateFile));
    await stage.marathon.call("setDown", { isDown: false });
  }
  return toReport(figureOf(fromMarathon), figureOf(fromFile));
}

/** Time from the start of the process to the first answer, in ms; afterwards the state file is written and it is gone. */
async function startOnce(stage: Stage, servicePort: number, stateFile: string): Promise<number> {
  const { number } = stage.replica(0);
  const target = { host: "127.0.0.1", port: servicePort };
  const startedAt = monotonicMs();
  const answered = stage.load.call("probe", { target, wanted: number, withinMs });
  await using proxy = await stage.startPortolan(["--state-file", stateFile]);
  const { atMs } = await answered;
  await proxy.ready();
  await until(() => existsSync(stateFile), { what: "the state file is written" });
  return atMs - startedAt;
}

function toReport(fromMarathon: Figure | undefined, fromFile: Figure | undefined): Report {
  const rows = [
    { what: "from Marathon", figure: fromMarathon },
    { what: "from the state file", figure: fromFile },
  ];
  return {
    tables: [
      {
        title: "start: ms to the first answer, 1,000 apps with 10,000 tasks",
        columns: ["what", "ms"],
        rows: rows.map(({ what, figure }) => [what, formatFigure(figure)]),
      },
    ],
    figures: Object.fromEntries(rows.map(({ what, figure }) => [what, { ...figure }])),
    goals: rows.map(({ what, figure }) => {
      return { what, limit: limits.startMs, measured: figure?.median ?? Infinity, unit: "ms" };
    }),
    notes: ["the start of Node itself is part of it"],
  };
}
