import assert from "node:assert/strict";
import { test } from "node:test";
import { viewSource } from "../../../src/admin/source-view.ts";

const source = {
  name: "marathon",
  endpoint: "http://m:8080",
  connected: true,
  events: 3,
  reconnects: 1,
  syncs: 7,
  failures: 2,
};

test("times are shown as times, with the age of what is known", () => {
  const seen = {
    ...source,
    lastEventAt: 1000,
    lastSyncAt: 2000,
    lastSyncDurationMs: 12,
    lastError: "503",
    counts: "for metrics",
  };
  assert.deepEqual(viewSource(seen, 4500), {
    ...source,
    lastEvent: "1970-01-01T00:00:01.000Z",
    lastSync: "1970-01-01T00:00:02.000Z",
    ageSeconds: 2.5,
    lastSyncDurationMs: 12,
    lastError: "503",
  });
});

test("what never happened is null, and a clock that was set back makes no negative age", () => {
  const never = {
    lastEventAt: undefined,
    lastSyncAt: undefined,
    lastSyncDurationMs: undefined,
    lastError: undefined,
  };
  const shown = viewSource({ ...source, ...never }, 4500);
  assert.deepEqual(
    [shown["lastEvent"], shown["lastSync"], shown["ageSeconds"], shown["lastError"]],
    [null, null, null, null],
  );
  assert.equal(viewSource({ ...source, ...never, lastSyncAt: 5000 }, 4500)["ageSeconds"], 0);
});
