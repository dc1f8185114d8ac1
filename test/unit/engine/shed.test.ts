import assert from "node:assert/strict";
import { test } from "node:test";
import { shedStillest } from "../../../src/engine/shed.ts";
import type { Served, Stillness } from "../../../src/engine/tcp/connection-host.ts";

/** Ends a share of connections that stand still as told, and says which, first ones first. */
function endedOf(
  share: number,
  still: Readonly<Record<string, Stillness | undefined>>,
  idleToo = true,
): string[] {
  const ended: string[] = [];
  const running = Object.entries(still).map(([name, stillness]): Served => ({
    place: -1,
    replica: undefined,
    drainBy: () => undefined,
    loseReplica: () => undefined,
    check: () => undefined,
    abort: (outcome) => ended.push(`${name} ${outcome}`),
    stillness: () => stillness,
  }));
  shedStillest(running, { share, idleToo }, 0);
  return ended.map((text) => text.replace(" out-of-resources", ""));
}

const holding = (forMs: number): Stillness => ({ forMs, isHolding: true });
const idle = (forMs: number): Stillness => ({ forMs, isHolding: false });

test("those that hold bytes go before those that are idle, and of either the longest still first", () => {
  const all = { a: idle(2000), b: holding(3000), c: idle(9000), d: holding(4000) };
  assert.deepEqual(endedOf(1, all), ["d", "b", "c", "a"]);
  assert.deepEqual(endedOf(0.5, all), ["d", "b"]);
});

test("those that hold nothing are left alone unless they are meant, too", () => {
  assert.deepEqual(endedOf(1, { a: idle(9000), b: holding(2000) }, false), ["b"]);
});

test("no more than the share is ended, but one at least", () => {
  const all = Object.fromEntries(Array.from({ length: 15 }, (_, index) => [index, idle(5000)]));
  assert.equal(endedOf(0.1, all).length, 2);
  assert.equal(endedOf(0.001, all).length, 1);
});

test("what moved within a second, or waits for somebody's work, is left alone", () => {
  assert.deepEqual(endedOf(1, { a: holding(999), b: idle(0), c: undefined }), []);
});
