import assert from "node:assert/strict";
import { test } from "node:test";
import { workerMemory } from "../../../src/workers/start-worker.ts";

const mebibyte = 1024 ** 2;

test("where little memory is for all, new objects of a worker get a small part of it", () => {
  assert.equal(workerMemory(undefined), undefined);
  const of = (megabytes: number) => workerMemory({ limit: megabytes * mebibyte, used: 0 });
  assert.equal(of(512), undefined);
  assert.deepEqual(of(256), { maxYoungGenerationSizeMb: 8 });
  assert.deepEqual(of(128), { maxYoungGenerationSizeMb: 4 });
  assert.deepEqual(of(16), { maxYoungGenerationSizeMb: 2 });
});
