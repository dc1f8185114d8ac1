import assert from "node:assert/strict";
import { test } from "node:test";
import { Deaths } from "../../../src/workers/deaths.ts";

test("five deaths within a minute are a problem, told once, until two minutes after the last one (L10)", () => {
  const deaths = new Deaths();
  const told = [0, 1000, 2000, 3000].map((now) => deaths.note(now, "Error: early"));
  assert.deepEqual(told, [false, false, false, false]);
  assert.deepEqual(deaths.problems(3000), []);
  assert.equal(deaths.note(4000, "Error: a bug\n    at somewhere"), true);
  const [problem] = deaths.problems(4000);
  assert.deepEqual([problem?.kind, problem?.subject], ["workers-dying", "workers"]);
  assert.match(problem?.reason ?? "", /the last one of: Error: a bug; each is replaced/);
  assert.equal(deaths.note(100_000, "Error: a bug"), false);
  assert.equal(deaths.problems(219_999).length, 1);
  assert.deepEqual(deaths.problems(220_000), []);
  assert.equal(deaths.count, 6);
});

test("workers that die now and then are none", () => {
  const deaths = new Deaths();
  for (let now = 0; now < 600_000; now += 15_000) assert.equal(deaths.note(now, "exit"), false);
  assert.deepEqual(deaths.problems(600_000), []);
});

test("what was over begins anew with five more", () => {
  const deaths = new Deaths();
  for (let now = 0; now < 5; now += 1) deaths.note(now, "exit");
  const later = 1_000_000;
  const told = [0, 1, 2, 3, 4].map((ms) => deaths.note(later + ms, "exit"));
  assert.deepEqual(told, [false, false, false, false, true]);
});
