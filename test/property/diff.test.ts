import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { diffRoutes, type RouteChange } from "../../src/routing/diff.ts";
import { describeChanges } from "../../src/routing/describe.ts";
import { defaultPolicy } from "../../src/model/policy.ts";
import type { Route } from "../../src/routing/table.ts";

const replica = fc.record({
  port: fc.integer({ min: 1, max: 4 }),
  state: fc.constantFrom("up", "down", "draining"),
  weight: fc.integer({ min: 0, max: 2 }),
  task: fc.constantFrom("a", "b"),
} as const);

const route = fc
  .record({
    port: fc.integer({ min: 1, max: 5 }),
    app: fc.constantFrom("/a", "/b"),
    balance: fc.constantFrom("leastconn", "roundrobin"),
    replicas: fc.uniqueArray(replica, { selector: ({ port }) => port, maxLength: 4 }),
  } as const)
  .map(({ port, app, balance, replicas }): Route => {
    return {
      key: `tcp/${port}`,
      app,
      name: app.slice(1),
      port,
      protocol: "tcp",
      mode: "tcp",
      policy: { ...defaultPolicy, balance },
      source: "test",
      replicas: replicas.map((one) => {
        const key = `10.0.0.1:${one.port}`;
        return {
          ...one,
          key,
          address: { host: "10.0.0.1", port: one.port },
          host: "h",
          reason: "",
          since: 0,
        };
      }),
    };
  });

const routes = fc.uniqueArray(route, { selector: ({ key }) => key, maxLength: 5 });

function byKey(list: readonly Route[]): Map<string, Route> {
  return new Map(list.map((one) => [one.key, one]));
}

/** What a reader that had the old routes by key has after these changes. */
function applyChanges(
  before: ReadonlyMap<string, Route>,
  changes: readonly RouteChange[],
): Map<string, Route> {
  const result = new Map(before);
  for (const change of changes) {
    if (change.kind === "removed") result.delete(change.key);
    else result.set(change.key, change.after);
  }
  return result;
}

test("applying the difference gives the other table, and equal tables differ in nothing", () => {
  fc.assert(
    fc.property(routes, routes, (before, after) => {
      const result = applyChanges(byKey(before), diffRoutes(before, after));
      const sorted = (map: ReadonlyMap<string, Route>): unknown =>
        [...map].toSorted(([one], [other]) => (one < other ? -1 : 1));
      assert.deepEqual(sorted(result), sorted(byKey(after)));
      assert.deepEqual(diffRoutes(before, structuredClone(before)), []);
    }),
  );
});

test("every change has a bounded description", () => {
  fc.assert(
    fc.property(routes, routes, (before, after) => {
      const changes = diffRoutes(before, after);
      const text = describeChanges(changes);
      assert.equal(text === "", changes.length === 0);
      assert.ok(text.length <= 4001 && !text.includes("\n"));
    }),
  );
});
