import { setTimeout as wait } from "node:timers/promises";
import { limits } from "../goals.ts";
import { portolan } from "../contenders/portolan.ts";
import { freePorts } from "../support/ports.ts";
import { peakResidentBytes, residentBytes } from "../support/proc.ts";
import type { Report } from "../support/report.ts";
import { Stage } from "../support/stage.ts";
import { rounded } from "../support/stats.ts";
import { formatNumber, megabytes } from "../support/table.ts";
import type { Bench, Scenario } from "./scenario.ts";

const serviceCount = 10;

export const idleMemory: Scenario = {
  name: "idle-memory",
  purpose: "memory with 10 services and no traffic (seconds to settle before the look)",
  seconds: 5,
  runs: 1,
  contenders: [portolan],
  run: measureMemory,
};

async function measureMemory(bench: Bench): Promise<Report> {
  const { seconds, say } = bench;
  await using stage = await Stage.open({ ...bench, replicas: serviceCount });
  for (const [index, servicePort] of (await freePorts(serviceCount)).entries()) {
    const id = `/bench/app-${index}`;
    await stage.marathon.call("putApp", { id, servicePort });
    await stage.marathon.call("addTask", { app: id, port: stage.replica(index).port });
  }
  const { pid } = await stage.startPortolan();
  say(`idle-memory: ${serviceCount} services`);
  await wait(seconds * 1000);
  return toReport(megabytes(residentBytes(pid)), megabytes(peakResidentBytes(pid)));
}

function toReport(idle: number, peak: number): Report {
  return {
    tables: [
      {
        title: "idle-memory: resident memory of the proxy",
        columns: ["state", "MB"],
        rows: [
          [`${serviceCount} services, no traffic`, formatNumber(idle)],
          ["most ever", formatNumber(peak)],
        ],
      },
    ],
    figures: { idle: rounded(idle), peak: rounded(peak) },
    goals: [
      { what: `${serviceCount} services idle`, limit: limits.idleMb, measured: idle, unit: "MB" },
    ],
    notes: [],
  };
}
