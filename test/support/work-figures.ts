import assert from "node:assert/strict";
import type { SystemCalls } from "./system-calls.ts";

/** The figure when the limit was set, the most there may be, and the least, where less would not be the same work. */
export interface Limit {
  readonly today: number;
  readonly limit: number;
  readonly least?: number;
}

/** What was counted, beside its limit. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly least?: number;
  /** What helps to find the cause. */
  readonly details?: string;
}

interface Attempts {
  readonly most: number;
  readonly say: (line: string) => void;
}

/** Counts until everything is within its limits; fails when that is in none of so many counts. */
export async function checkWork(
  count: () => Promise<readonly Figure[]>,
  { most, say }: Attempts,
): Promise<void> {
  let over: readonly Figure[] = [];
  for (let attempt = 0; attempt < most; attempt += 1) {
    const figures = await count();
    say(figures.map(({ name, value }) => `${name} ${Number(value.toFixed(2))}`).join(", "));
    over = figures.filter(({ value, limit, least = 0 }) => value > limit || value < least);
    if (over.length === 0) return;
  }
  const lines = over.map(({ name, value, limit, least = 0, details = "" }) => {
    return `${name}: ${value}, limit ${limit}, at least ${least}\n${details}`;
  });
  assert.fail(`other work in each of ${most} counts, at last\n${lines.join("\n")}`);
}

export interface Counted {
  /** What the calls are for, in one word. */
  readonly what: string;
  readonly calls: SystemCalls;
  /** How often it was done. */
  readonly times: number;
}

/** Calls without a row of their own are counted together, as `others`. */
export function callFigures(
  rows: Readonly<Record<string, Limit>>,
  { what, calls, times }: Counted,
): Figure[] {
  const others = [...calls].filter(([name]) => !(name in rows));
  const counted = new Map(calls).set(
    "others",
    others.reduce((sum, [, made]) => sum + made, 0),
  );
  return Object.entries(rows).map(([name, { limit, least = 0 }]) => ({
    name: `${name} per ${what}`,
    value: (counted.get(name) ?? 0) / times,
    limit,
    least,
    details:
      name === "others" ? others.map(([other, made]) => `  ${made} ${other}`).join("\n") : "",
  }));
}
