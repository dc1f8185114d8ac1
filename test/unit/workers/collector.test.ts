import assert from "node:assert/strict";
import { test } from "node:test";
import { collectAll, exposeCollector } from "../../../src/workers/collector.ts";

const megabyte = 1e6;

test("what is not used any more goes back to the system, young objects' room included", () => {
  exposeCollector();
  let held: object[] | undefined = Array.from({ length: 500_000 }, (_, index) => ({ index }));
  const full = process.memoryUsage().heapTotal;
  assert.equal(held.length, 500_000);
  held = undefined;
  collectAll();
  const { heapTotal, heapUsed } = process.memoryUsage();
  assert.ok(heapTotal < full - 10 * megabyte, `${heapTotal} of ${full} bytes`);
  assert.ok(heapTotal - heapUsed < 6 * megabyte, `${heapUsed} used of ${heapTotal} bytes`);
});
