/** Longest time a timer can hold, in ms; beyond it Node fires at once. [node: setTimeout] */
export const longestTimerMs: number = 2 ** 31 - 1;

const unitsMs: ReadonlyMap<string | undefined, number> = new Map([
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
]);

/**
 * Reads `30` (seconds), `30s`, `500ms`, `2m` or `1h`, in any case and with up to six decimals, into whole ms;
 * undefined for anything else. Only a written zero is 0: what is too short to be told from it is no time.
 */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)(?:\s*(ms|s|m|h))?$/i.exec(text);
  const unitMs = unitsMs.get(match?.[2]?.toLowerCase() ?? "s");
  if (match === null || unitMs === undefined) return undefined;
  const exactMs = Number(match[1]) * unitMs;
  const ms = Math.round(exactMs);
  return ms === 0 && exactMs > 0 ? undefined : ms;
}

/** The largest unit that divides it evenly: 60 000 → `1m`, 1500 → `1500ms`; 0 needs none. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0";
  for (const [unit, unitMs] of [...unitsMs].toReversed()) {
    if (ms % unitMs === 0) return `${ms / unitMs}${unit}`;
  }
  return `${ms}ms`;
}
