import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccessBatch, AccessRecord } from "../../../src/model/access.ts";
import { AccessQueue } from "../../../src/workers/access-queue.ts";

const record: AccessRecord = {
  frontend: "tcp/1",
  service: "tcp/1",
  replica: undefined,
  client: { host: "127.0.0.1", port: 1 },
  startedAt: 0,
  connectMs: -1,
  responseMs: -1,
  totalMs: 0,
  received: 0,
  sent: 0,
  outcome: "completed",
  retries: 0,
  load: { process: 0, service: 0, replica: 0 },
  request: undefined,
};

function count(batches: readonly AccessBatch[]): number {
  return batches.reduce((sum, { records }) => sum + records.length, 0);
}

test("records wait for a batch, a log that does not keep up costs lines, and each is sent or counted", () => {
  const batches: AccessBatch[] = [];
  const queue = new AccessQueue({
    send: (batch) => batches.push(batch),
    limit: 1000,
    mostUnderWay: 2,
    gatherMs: 60_000,
  });
  for (let index = 0; index < 511; index += 1) queue.note(record);
  assert.equal(batches.length, 0);
  for (let index = 0; index < 4000; index += 1) queue.note(record);
  assert.equal(batches.length, 2);
  assert.equal(count(batches), 1024);
  queue.taken();
  queue.taken();
  queue.taken();
  assert.equal(count(batches), 2024);
  const dropped = batches.reduce((sum, batch) => sum + batch.dropped, 0);
  assert.equal(dropped + count(batches), 4511);
});

test("what waits is sent after a while, however little", async () => {
  const sent = Promise.withResolvers<AccessBatch>();
  const queue = new AccessQueue({ send: (batch) => sent.resolve(batch), gatherMs: 5 });
  queue.note(record);
  assert.equal((await sent.promise).records.length, 1);
});
