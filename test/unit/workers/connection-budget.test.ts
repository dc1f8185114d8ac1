import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectionBudget } from "../../../src/workers/connection-budget.ts";

test("clients turned away for want of room are a problem, said once, until a minute after the last one", () => {
  let refused = 0;
  let isByMemory = false;
  const budget = new ConnectionBudget(() => ({ active: 63, limit: 63, isByMemory, refused }));
  assert.equal(budget.look(0), false);
  assert.deepEqual(budget.problems(0), []);
  refused = 5;
  assert.equal(budget.look(1000), true);
  const [problem] = budget.problems(1000);
  assert.equal(problem?.kind, "limit-reached");
  assert.match(problem?.reason ?? "", /all 63 connections that the limit of descriptors/);
  isByMemory = true;
  assert.match(budget.problems(1000)[0]?.reason ?? "", /that memory has room for .* more memory$/);
  refused = 6;
  assert.equal(budget.look(50_000), false);
  assert.equal(budget.look(109_000), false);
  assert.equal(budget.problems(110_000).length, 1);
  assert.deepEqual(budget.problems(110_001), []);
  refused = 7;
  assert.equal(budget.look(110_001), true);
});
