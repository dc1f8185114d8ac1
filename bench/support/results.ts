import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Conditions } from "./conditions.ts";
import { type Figures, type Goal, isMet, type Report } from "./report.ts";
import { formatNumber, formatTable, type Table } from "./table.ts";

const folder = fileURLToPath(new URL("../results/", import.meta.url));

/** Writes the figures of a scenario with their conditions; returns the path. */
export function writeResult(name: string, conditions: Conditions, report: Report): string {
  mkdirSync(folder, { recursive: true });
  const path = `${folder}${name}.json`;
  const goals = Object.fromEntries(report.goals.map((goal) => [goal.what, figuresOf(goal)]));
  const result = { scenario: name, conditions, figures: report.figures, goals };
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

function figuresOf({ limit, measured, unit, ...goal }: Goal): Figures {
  const isKnown = Number.isFinite(measured);
  return {
    limit,
    measured: isKnown ? Number(measured.toPrecision(4)) : "not measured",
    unit,
    met: isMet({ limit, measured, unit, ...goal }),
  };
}

function goalTable(goals: readonly Goal[]): Table {
  return {
    title: "goals",
    columns: ["goal", "limit", "measured", "met"],
    rows: goals.map((goal) => [
      goal.what,
      `${goal.limit} ${goal.unit}`.trim(),
      `${formatNumber(goal.measured)} ${goal.unit}`.trim(),
      isMet(goal) ? "yes" : "no",
    ]),
  };
}
