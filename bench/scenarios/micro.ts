import type { MicroRow, MicroVerbs } from "../actors/verbs.ts";
import { portolan } from "../contenders/portolan.ts";
import { Actor } from "../support/actor.ts";
import { roundedFigure } from "../support/comparison-table.ts";
import type { Report } from "../support/report.ts";
import { formatNumber } from "../support/table.ts";
import type { Bench, Scenario } from "./scenario.ts";

export const micro: Scenario = {
  name: "micro",
  purpose: "pick, diff, build and parse alone, from the source (runs: repeats of each)",
  seconds: 0,
  runs: 15,
  contenders: [portolan],
  run: measureMicro,
};

async function measureMicro({ cpus, runs }: Bench): Promise<Report> {
  await using actor = Actor.start<MicroVerbs>("micro.ts", { cpus: cpus.proxy });
  const rows = await actor.call("run", { repeats: runs });
  return {
    tables: [
      {
        title: "micro: µs of one operation",
        columns: ["operation", "median", "min", "max"],
        rows: rows.map((row) => cellsOf(row)),
      },
    ],
    figures: Object.fromEntries(rows.map(({ name, ...figure }) => [name, roundedFigure(figure)])),
    goals: [],
    notes: [],
  };
}

function cellsOf({ name, median, min, max }: MicroRow): string[] {
  return [name, ...[median, min, max].map((micros) => formatNumber(micros))];
}
