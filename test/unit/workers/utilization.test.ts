import assert from "node:assert/strict";
import { test } from "node:test";
import { busyShare } from "../../../src/workers/utilization.ts";

const loop = (idle: number, active: number) => ({ idle, active, utilization: 0 });

test("the first look at an event loop tells of its life, others of the time since the one before", () => {
  assert.equal(busyShare(loop(300, 100)), 0.25);
  assert.equal(busyShare(loop(400, 400), loop(300, 100)), 0.75);
});

test("a look right after another is neither below nothing nor above all", () => {
  assert.equal(busyShare(loop(300.5, 99.9), loop(300, 100)), 0);
  assert.equal(busyShare(loop(300, 100), loop(300, 100)), 0);
  assert.equal(busyShare(loop(300, 101), loop(300, 100)), 1);
  assert.equal(busyShare(loop(0, 0)), 0);
});
