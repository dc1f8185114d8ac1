import type { LoadRow } from "./load-row.ts";

/** Runs rows one after the other, with a line for each figure; returns the ids of those that do not hold. */
export async function runRows(
  rows: readonly LoadRow[],
  seconds: number | undefined,
): Promise<string[]> {
  const broken: string[] = [];
  for (const { id, what, skip, run } of rows) {
    const why = skip?.() ?? false;
    console.log(`${id}: ${what}${why === false ? "" : `, skipped: ${why}`}`);
    if (why !== false) continue;
    try {
      await run({ tell: (line) => console.log(`  ${line}`), seconds });
      console.log("  holds");
    } catch (error) {
      console.log(
        `  BROKEN: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
      broken.push(id);
    }
  }
  return broken;
}
