import assert from "node:assert/strict";
import { test } from "node:test";
import { workerMemory } from "../../../src/workers/start-worker.ts";

const mebibyte = 1024 ** 2;

test("where little memory is for all, new objects of a worker get a small part of it", () => {
  assert.equal(workerMemory(undefined), undefined);
  assert.equal(workerMemory(512 * mebibyte), undefined);
  assert.deepEqual(workerMemory(256 * mebibyte), { maxYoungGenerationSizeMb: 8 });
  assert.deepEqual(workerMemory(128 * mebibyte), { maxYoungGenerationSizeMb: 4 });
  assert.deepEqual(workerMemory(16 * mebibyte), { maxYoungGenerationSizeMb: 2 });
});
