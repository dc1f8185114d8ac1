import assert from "node:assert/strict";
import { test } from "node:test";
import { processLimits } from "../../../src/workers/this-host.ts";

const cases = [
  { descriptors: Infinity, hasDatagrams: true, sessions: 16_384, connections: 50_000 },
  { descriptors: Infinity, hasDatagrams: false, sessions: 0, connections: 50_000 },
  { descriptors: 1024, hasDatagrams: false, sessions: 0, connections: 443 },
  { descriptors: 1024, hasDatagrams: true, sessions: 221, connections: 332 },
  { descriptors: 100, hasDatagrams: true, sessions: 1, connections: 1 },
];

for (const { descriptors, hasDatagrams, ...limits } of cases) {
  const datagrams = hasDatagrams ? "with" : "without";
  test(`${descriptors} descriptors ${datagrams} UDP services`, () => {
    assert.deepEqual(processLimits({ descriptors, listeners: 10, hasDatagrams }), limits);
  });
}
