import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import type { AccessRecord } from "../../../src/model/access.ts";
import { AccessLog } from "../../../src/observe/access-log.ts";

const record: AccessRecord = {
  frontend: "tcp/1234",
  service: "tcp/1234",
  replica: "10.0.0.7:31001",
  client: { host: "10.0.1.2", port: 33_317 },
  startedAt: 1000,
  connectMs: 3,
  responseMs: -1,
  totalMs: 109,
  received: 1,
  sent: 2,
  outcome: "completed",
  retries: 0,
  load: { process: 1, service: 1, replica: 1 },
  request: undefined,
};

test("records get the time of day and the name of their service, or its key when that is gone", async () => {
  const pieces: Buffer[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _, done) {
      pieces.push(chunk);
      done();
    },
  });
  const names = new Map([["tcp/1234", "web:1234"]]);
  const log = new AccessLog({
    format: "json",
    destination,
    clock: () => 50_000,
    nameOf: (key) => names.get(key),
  });
  // It began 3 s before the batch was sent, by a clock that only its thread has.
  log.write({ records: [record, { ...record, service: "tcp/9" }], at: 4000, dropped: 0 });
  await log[Symbol.asyncDispose]();
  const lines = Buffer.concat(pieces).toString().trimEnd().split("\n");
  const shown = lines.map((line): unknown => JSON.parse(line));
  assert.partialDeepStrictEqual(shown, [
    { time: new Date(47_000).toISOString(), service: "web:1234" },
    { service: "tcp/9" },
  ]);
  assert.equal(log.dropped(), 0);
});

test("a reader that stalls costs lines and nothing else; they are counted with those lost on their way", async () => {
  const stalled = new Writable({ write: () => undefined });
  const log = new AccessLog({
    format: "tcplog",
    destination: stalled,
    clock: () => 0,
    nameOf: () => undefined,
    queueBytes: 1000,
  });
  log.write({ records: Array.from({ length: 100 }, () => record), at: 0, dropped: 7 });
  assert.ok(log.dropped() > 80 && log.dropped() < 107);
  stalled.destroy();
  await log[Symbol.asyncDispose]();
  assert.equal(log.dropped(), 107);
});
