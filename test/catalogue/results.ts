import { shownBySoak } from "./coverage.ts";
import { notShown, reservations } from "./not-shown.ts";
import { rowIdsOf } from "./row-ids.ts";
import type { Row } from "./rows.ts";

/** How one test or suite ended. */
export interface Ended {
  readonly file: string;
  readonly name: string;
  readonly result: "passed" | "failed" | "skipped";
  /** Why it was skipped, where that was said. */
  readonly why?: string | undefined;
}

/** The Markdown table of the catalogue: each row, where it is shown, and how that ended. */
export function formatTable(rows: readonly Row[], ended: readonly Ended[]): string {
  const byRow = new Map<string, Ended[]>(rows.map(({ id }) => [id, []]));
  for (const one of ended) for (const id of rowIdsOf(one.name)) byRow.get(id)?.push(one);
  const lines = rows.map(({ id, tier, what }) => {
    const tests = byRow.get(id) ?? [];
    return `| ${id} | ${tier} | ${cell(what)} | ${placesOf(id, tests)} | ${cell(resultOf(id, tests))} |`;
  });
  return ["| row | runs | what | where | result |", "|---|---|---|---|---|", ...lines].join("\n");
}

/** How many rows were shown, skipped, failed or not shown, in one line. */
export function formatSummary(rows: readonly Row[], ended: readonly Ended[]): string {
  const shown = new Map<string, Ended["result"]>();
  const worst = { passed: 0, skipped: 1, failed: 2 } as const;
  for (const { name, result } of ended) {
    for (const id of rowIdsOf(name)) {
      const known = shown.get(id);
      if (known === undefined || worst[result] > worst[known]) shown.set(id, result);
    }
  }
  const count = (result: Ended["result"]): number =>
    rows.filter(({ id }) => shown.get(id) === result).length;
  const missing = rows.filter(({ id }) => !shown.has(id));
  const soaked = missing.filter(({ id }) => shownBySoak.has(id)).length;
  return `${rows.length} rows: ${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} with a skipped test, ${soaked} for the soak, ${missing.length - soaked} without a test`;
}

function resultOf(id: string, tests: readonly Ended[]): string {
  if (tests.length === 0 && shownBySoak.has(id)) return "not run: for the soak";
  if (tests.length === 0) return `not shown: ${notShown[id] ?? "no test of this run names it"}`;
  const failed = tests.filter(({ result }) => result === "failed").length;
  if (failed > 0) return `failed ${failed} of ${tests.length}`;
  const passed = tests.filter(({ result }) => result === "passed").length;
  if (passed === 0) return `skipped: ${tests[0]?.why ?? "no reason given"}`;
  const less = reservations[id];
  return less === undefined ? `passed ${passed}` : `passed ${passed} (${less})`;
}

function placesOf(id: string, tests: readonly Ended[]): string {
  const files = new Set(tests.map(({ file }) => file.replace(/^test\/|\.test\.ts$/g, "")));
  const soak = shownBySoak.has(id) ? ["soak"] : [];
  return [...files, ...soak].toSorted().join(", ");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
