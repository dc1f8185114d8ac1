import assert from "node:assert/strict";
import { test } from "node:test";
import { Rows } from "../../../src/workers/rows.ts";

const never = (): boolean => false;

test("a name keeps its row, also when it comes back in time", () => {
  const rows = new Rows(10);
  const row = rows.take("a");
  assert.notEqual(rows.take("b"), row);
  rows.leave("a", 0);
  assert.deepEqual(rows.reclaim(299_999, never), []);
  assert.equal(rows.take("a"), row);
  assert.deepEqual(rows.reclaim(900_000, never), [], "it came back, so the clock has stopped");
});

test("a row is given on only when its owner left long ago and nobody uses it (X13)", () => {
  const rows = new Rows(10);
  const row = rows.take("a");
  rows.leave("a", 0);
  assert.deepEqual(
    rows.reclaim(400_000, () => true),
    [],
  );
  assert.deepEqual(rows.reclaim(400_000, never), [row]);
  assert.equal(rows.get("a"), undefined);
  assert.equal(rows.take("b"), row);
});

test("when all rows are taken, the shared one serves", () => {
  const rows = new Rows(3);
  assert.deepEqual([rows.take("a"), rows.take("b"), rows.take("c")], [1, 2, 0]);
  assert.deepEqual([...rows.all()], [0, 1, 2]);
});

test("who has left is told until it comes back or its row is another's", () => {
  const rows = new Rows(10);
  const row = rows.take("tcp/80");
  assert.deepEqual([...rows.left()], []);
  rows.leave("tcp/80", 0);
  assert.deepEqual([...rows.left()], [["tcp/80", row]]);
  rows.take("tcp/80");
  assert.deepEqual([...rows.left()], []);
  rows.leave("tcp/80", 0);
  rows.reclaim(1_000_000, () => false);
  assert.deepEqual([...rows.left()], []);
});
