import type { Table } from "../support/table.ts";
import { besideRows } from "./beside-rows.ts";
import { textOf } from "./goal-row.ts";
import { lossRows } from "./loss-rows.ts";
import { memoryRows } from "./memory-rows.ts";
import { processorRows } from "./processor-rows.ts";
import type { Results } from "./results.ts";
import { timeRows } from "./time-rows.ts";

const groups = [timeRows, lossRows, processorRows, memoryRows, besideRows];

/** Goals in figures of their own, and what was measured; scenarios without a result have no row. */
export function goalTable(results: Results): Table {
  const rows = groups.flatMap((rowsOf) => rowsOf(results));
  return {
    title: "",
    columns: ["goal", "limit", "measured"],
    rows: rows
      .filter(({ scenario }) => results.has(scenario))
      .map((row) => [row.what, row.goal, textOf(row)]),
  };
}
