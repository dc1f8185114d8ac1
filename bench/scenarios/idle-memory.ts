import { setTimeout as wait } from "node:timers/promises";
import { limits } from "../goals.ts";
import { portolan } from "../contenders/portolan.ts";
import { freePorts } from "../support/ports.ts";
import { roundedFigure } from "../support/comparison-table.ts";
import { peakResidentBytes, residentBytes } from "../support/proc.ts";
import type { Report } from "../support/report.ts";
import { Stage } from "../support/stage.ts";
import { figureOf } from "../support/stats.ts";
import { formatFigure, megabytes } from "../support/table.ts";
import type { Bench, Scenario } from "./scenario.ts";

const serviceCount = 10;

export const idleMemory: Scenario = {
  name: "idle-memory",
  purpose: "memory with 10 services and no traffic (seconds to settle before the look, runs of it)",
  seconds: 15,
  runs: 3,
  contenders: [portolan],
  run: measureMemory,
};

async function measureMemory(bench: Bench): Promise<Report> {
  const looks: Look[] = [];
  for (let run = 0; run < bench.runs; run += 1) {
    bench.say(`idle-memory: ${run + 1} of ${bench.runs}`);
    looks.push(await lookOnce(bench));
  }
  return toReport(looks);
}

/** Of one process, in MB. */
interface Look {
  readonly idle: number;
  readonly peak: number;
}

async function lookOnce(bench: Bench): Promise<Look> {
  await using stage = await Stage.open({ ...bench, replicas: serviceCount });
  for (const [index, servicePort] of (await freePorts(serviceCount)).entries()) {
    const id = `/bench/app-${index}`;
    await stage.marathon.call("putApp", { id, servicePort });
    await stage.marathon.call("addTask", { app: id, port: stage.replica(index).port });
  }
  const { pid } = await stage.startPortolan();
  await wait(bench.seconds * 1000);
  return { idle: megabytes(residentBytes(pid)), peak: megabytes(peakResidentBytes(pid)) };
}

function toReport(looks: readonly Look[]): Report {
  const idle = figureOf(looks.map((look) => look.idle));
  const peak = figureOf(looks.map((look) => look.peak));
  if (idle === undefined || peak === undefined) throw new Error("nobody looked");
  return {
    tables: [
      {
        title: "idle-memory: resident memory of the proxy",
        columns: ["state", "MB"],
        rows: [
          [`${serviceCount} services, no traffic`, formatFigure(idle)],
          ["most ever", formatFigure(peak)],
        ],
      },
    ],
    figures: { idle: roundedFigure(idle), peak: roundedFigure(peak) },
    goals: [
      {
        what: `${serviceCount} services idle`,
        limit: limits.idleMb,
        measured: idle.median,
        unit: "MB",
      },
    ],
    notes: [],
  };
}
