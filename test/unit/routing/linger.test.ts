import assert from "node:assert/strict";
import { test } from "node:test";
import { hasLingering, keepLingering } from "../../../src/routing/linger.ts";
import { defaultPolicy } from "../../../src/model/policy.ts";
import type { Route } from "../../../src/routing/table.ts";

function route(protocol: "tcp" | "udp", ports: readonly number[]): Route {
  const replicas = ports.map((port) => {
    const address = { host: "10.0.0.1", port };
    const shown = { key: `10.0.0.1:${port}`, address, host: "a", task: `t${port}`, weight: 500 };
    return { ...shown, state: "up", reason: "running", since: 0 } as const;
  });
  const key = `${protocol}/80`;
  const named = { key, app: "/a", name: "a", port: 80, protocol, mode: protocol, source: "test" };
  return { ...named, policy: defaultPolicy, replicas };
}

function kept(protocol: "tcp" | "udp", connections: number): Route[] {
  return keepLingering([route(protocol, [1])], {
    before: [route(protocol, [1, 2])],
    connectionsOn: () => connections,
    now: 1000,
  });
}

test("a TCP replica that is gone is kept in sight as draining while it has connections", () => {
  const routes = kept("tcp", 1);
  assert.deepEqual(
    routes[0]?.replicas.map(({ key, state }) => [key, state]),
    [
      ["10.0.0.1:1", "up"],
      ["10.0.0.1:2", "draining"],
    ],
  );
  assert.ok(hasLingering(routes));
  assert.ok(!hasLingering(kept("tcp", 0)));
});

test("a UDP replica that is gone is gone: its sessions move on", () => {
  assert.ok(!hasLingering(kept("udp", 1)));
});
