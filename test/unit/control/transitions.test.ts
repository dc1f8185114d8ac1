import assert from "node:assert/strict";
import { test } from "node:test";
import { Transitions } from "../../../src/control/transitions.ts";
import { defaultPolicy } from "../../../src/model/policy.ts";
import type { ReplicaState } from "../../../src/model/replica.ts";
import type { Route } from "../../../src/routing/table.ts";

function route(...states: readonly ReplicaState[]): Route {
  const replicas = states.map((state, index) => ({
    key: `10.0.0.1:${index}`,
    address: { host: "10.0.0.1", port: index },
    host: "h",
    task: `t${index}`,
    weight: 500,
    state,
    reason: "",
    since: 0,
  }));
  return {
    key: "tcp/80",
    app: "/web",
    name: "web",
    port: 80,
    protocol: "tcp",
    mode: "tcp",
    policy: defaultPolicy,
    source: "test",
    replicas,
  };
}

test("counts replicas that came up and went down, and no others", () => {
  const transitions = new Transitions();
  const change = (before: Route, after: Route): void =>
    transitions.note([{ kind: "changed", key: "tcp/80", before, after }]);
  transitions.note([{ kind: "added", key: "tcp/80", after: route("up", "down") }]);
  const none = { service: "web:80", protocol: "tcp", up: 0, down: 0 };
  assert.deepEqual(transitions.figures(), [none], "from 0 on, so that the first is an increase");
  change(route("up", "down"), route("down", "up"));
  change(route("down", "up"), route("unknown", "draining"));
  change(route("unknown", "draining"), route("unknown", "draining", "up"));
  const expected = { service: "web:80", protocol: "tcp", up: 1, down: 2 };
  assert.deepEqual(transitions.figures(), [expected]);
  transitions.note([{ kind: "removed", key: "tcp/80", before: route() }]);
  assert.deepEqual(transitions.figures(), []);
});
