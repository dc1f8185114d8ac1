import assert from "node:assert/strict";
import { test } from "node:test";
import { Replacement } from "../../../src/workers/replacement.ts";

test("a worker that had served is replaced within a second, however many have died (L10)", () => {
  const replacement = new Replacement(() => 1);
  for (let death = 0; death < 100; death += 1) assert.ok(replacement.after(1000) <= 100);
});

test("workers that die of being started come less and less often, until one serves", () => {
  const replacement = new Replacement(() => 1);
  const waits = Array.from({ length: 12 }, () => replacement.after(50));
  assert.deepEqual(waits.slice(0, 5), [100, 200, 400, 800, 1600]);
  assert.equal(waits.at(-1), 30_000);
  assert.equal(replacement.after(60_000), 100);
});
