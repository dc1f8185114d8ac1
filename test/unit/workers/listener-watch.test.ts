import assert from "node:assert/strict";
import { test } from "node:test";
import type { BoundSockets } from "../../../src/workers/bindings.ts";
import { ListenerWatch } from "../../../src/workers/listener-watch.ts";

const [web, api] = ["127.0.0.1:80", "127.0.0.1:81"];

/** Each with so many sockets. */
function bound(counts: Readonly<Record<string, number>>): Map<string, BoundSockets> {
  return new Map(
    Object.entries(counts).map(([address, count]) => [address, { key: `tcp/${address}`, count }]),
  );
}

function listening(counts: Readonly<Record<string, number>>): Map<string, number> {
  return new Map(Object.entries(counts));
}

test("a listener is gone when two looks in a row miss it", () => {
  const watch = new ListenerWatch();
  const all = bound({ [web]: 1, [api]: 1 });
  assert.deepEqual(watch.look(all, listening({ [web]: 1, [api]: 1 })), new Set());
  assert.deepEqual(watch.look(all, listening({ [api]: 1 })), new Set());
  assert.equal(watch.isInDoubt, true);
  assert.deepEqual(watch.look(all, listening({ [api]: 1 })), new Set([web]));
  assert.deepEqual(watch.gone, new Set([web]));
  assert.deepEqual(watch.look(all, listening({ [web]: 1, [api]: 1 })), new Set());
  assert.deepEqual(watch.gone, new Set());
  assert.equal(watch.isInDoubt, false);
});

test("one that stays gone is said again after two more looks, and is gone all the while", () => {
  const watch = new ListenerWatch();
  const all = bound({ [web]: 1 });
  watch.look(all, listening({ [web]: 1 }));
  const said = Array.from({ length: 6 }, () => watch.look(all, listening({})).size);
  assert.deepEqual(said, [0, 1, 0, 1, 0, 1]);
  watch.look(all, listening({}));
  assert.deepEqual(watch.gone, new Set([web]));
});

test("where workers share a port, each has a socket that can be missed", () => {
  const watch = new ListenerWatch();
  const all = bound({ [web]: 2 });
  watch.look(all, listening({ [web]: 2 }));
  watch.look(all, listening({ [web]: 1 }));
  assert.deepEqual(watch.look(all, listening({ [web]: 1 })), new Set([web]));
  // One of them has died, which is known.
  watch.look(bound({ [web]: 1 }), listening({ [web]: 1 }));
  assert.deepEqual(watch.look(bound({ [web]: 1 }), listening({ [web]: 1 })), new Set());
});

test("what was closed, or is on a host on which nothing was ever found, is not missed", () => {
  const watch = new ListenerWatch();
  watch.look(bound({ [web]: 1, "[::1]:80": 1 }), listening({ [web]: 1 }));
  watch.look(bound({ "[::1]:80": 1 }), listening({}));
  assert.deepEqual(watch.look(bound({ "[::1]:80": 1 }), listening({})), new Set());
  assert.equal(watch.isInDoubt, false);
});
