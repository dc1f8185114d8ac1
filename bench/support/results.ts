import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Conditions } from "./conditions.ts";
import { type Figures, type Goal, type Report, verdictOf } from "./report.ts";
import { formatNumber, formatTable, type Table } from "./table.ts";

/** Where the figures of full runs are, one file for each scenario. */
export const resultsFolder: string = fileURLToPath(new URL("../results/", import.meta.url));

/** One scenario, as it goes into a file. */
export interface Result {
  readonly scenario: string;
  readonly conditions: Conditions;
  readonly report: Report;
  /** The proxies as they were started. */
  readonly started: Figures;
}

/** Writes the figures of a scenario with everything they depend on; returns the path. */
export function writeResult({ scenario, conditions, report, started }: Result, to: string): string {
  mkdirSync(to, { recursive: true });
  const path = join(to, `${scenario}.json`);
  const goals = Object.fromEntries(report.goals.map((goal) => [goal.what, figuresOf(goal)]));
  const notes = Object.fromEntries(report.notes.map((note, index) => [index + 1, note]));
  const result = { scenario, conditions, figures: report.figures, goals, notes, started };
  writeFileSync(path, `${JSON.stringify(result, undefined, 2)}\n`);
  return path;
}

/** The whole report as Markdown. */
export function formatReport(conditions: Conditions, { tables, goals, notes }: Report): string {
  const all: readonly Table[] = goals.length === 0 ? tables : [...tables, goalTable(goals)];
  const circumstances = Object.entries(conditions).map(([name, value]) => `${name}: ${value}`);
  return [
    ...all.map((table) => formatTable(table)),
    notes.map((note) => `- ${note}`).join("\n"),
    circumstances.join("; "),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function figuresOf(goal: Goal): Figures {
  const { limit, measured, unit, doubt } = goal;
  const verdict = verdictOf(goal);
  const isKnown = Number.isFinite(measured);
  return {
    limit,
    measured: isKnown ? Number(measured.toPrecision(4)) : "not measured",
    unit,
    met: verdict === "not measured" ? verdict : verdict === "met",
    ...(doubt === undefined ? {} : { why: doubt }),
  };
}

function goalTable(goals: readonly Goal[]): Table {
  return {
    title: "goals",
    columns: ["goal", "limit", "measured", "verdict"],
    rows: goals.map((goal) => [
      goal.what,
      `${goal.limit} ${goal.unit}`.trim(),
      `${formatNumber(goal.measured)} ${goal.unit}`.trim(),
      goal.doubt === undefined ? verdictOf(goal) : `${verdictOf(goal)}: ${goal.doubt}`,
    ]),
  };
}
