import assert from "node:assert/strict";
import { test } from "node:test";
import { mostListeners, probesAtOnce, processLimits } from "../../../src/workers/this-host.ts";

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

test("as many probes as may be under way never cost a connection its descriptor", () => {
  const listeners = 10;
  for (const descriptors of [256, 1024, 4096, 65_536, 100_000]) {
    const { connections } = processLimits({ descriptors, listeners, hasDatagrams: false });
    const used = 2 * connections + probesAtOnce(descriptors) + listeners;
    assert.ok(descriptors - used >= 64, `${descriptors - used} of ${descriptors} are left`);
  }
  const few = [256, 1024, 65_536, Infinity].map((descriptors) => probesAtOnce(descriptors));
  assert.deepEqual(few, [64, 64, 256, 256]);
});

test("listeners leave a quarter of what is free to clients, however few descriptors there are", () => {
  const few = [100, 256, 1024, Infinity].map((descriptors) => mostListeners(descriptors));
  assert.deepEqual(few, [1, 96, 672, Infinity]);
  const listeners = mostListeners(256);
  const { connections } = processLimits({ descriptors: 256, listeners, hasDatagrams: false });
  assert.equal(connections, 16);
});
