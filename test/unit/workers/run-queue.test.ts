import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { threadId } from "../../../src/workers/precedence.ts";
import { waitedForProcessor } from "../../../src/workers/run-queue.ts";

test(
  "the kernel tells how long this thread has waited for a processor",
  { skip: !existsSync("/proc/self/schedstat") && "the kernel does not say" },
  () => {
    const before = waitedForProcessor(threadId());
    assert.ok(before > 0);
    assert.ok(waitedForProcessor(threadId()) >= before);
  },
);

test("of a thread that is not there nothing is said", () => {
  assert.equal(waitedForProcessor(undefined), 0);
  assert.equal(waitedForProcessor(2 ** 30), 0);
});
