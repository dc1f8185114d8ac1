import assert from "node:assert/strict";
import { test } from "node:test";
import { quietTurn } from "../../../src/async/quiet-turn.ts";

test("it settles only after a turn in which nothing came", async () => {
  let [count, turns] = [0, 0];
  const arrive = (): void => {
    turns += 1;
    count += 1;
    if (turns < 20) setImmediate(arrive);
  };
  setImmediate(arrive);
  await quietTurn(() => count, 60_000);
  assert.equal(count, 20);
});

test("where something comes in every turn it gives up when its time is over", async () => {
  let [count, isOver] = [0, false];
  const arrive = (): void => {
    count += 1;
    if (!isOver) setImmediate(arrive);
  };
  arrive();
  const startedAt = performance.now();
  await quietTurn(() => count, 30);
  isOver = true;
  assert.ok(performance.now() - startedAt >= 30);
});

test("a turn that was long does not count, unless all are", async () => {
  let turns = 0;
  let isOver = false;
  const dawdle = (): void => {
    turns += 1;
    const until = performance.now() + (turns < 4 ? 5 : 0);
    while (performance.now() < until);
    if (!isOver) setImmediate(dawdle);
  };
  setImmediate(dawdle);
  await quietTurn(() => 0, 60_000);
  isOver = true;
  assert.ok(turns >= 4);
});
