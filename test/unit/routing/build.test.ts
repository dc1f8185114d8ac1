import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultPolicy } from "../../../src/model/policy.ts";
import { buildRoutes, type BuildInput } from "../../../src/routing/build.ts";
import { replica, service } from "../../support/services.ts";

const input: Omit<BuildInput, "services"> = {
  standingOf: ({ health, reason }) => ({ state: health, reason, since: 7 }),
  incumbents: [],
  ports: { firstPort: 1, lastPort: 65_535, reserved: new Map() },
  defaultPolicy,
};

test("a service becomes a route with sorted, judged replicas", () => {
  const services = [
    service("/b", 2000, {
      replicas: [
        replica("10.0.0.2:80", { health: "down", reason: "check failed" }),
        replica("10.0.0.1:80"),
      ],
    }),
    service("/a", 1000, { policy: { balance: "roundrobin" } }),
  ];
  const { routes, problems } = buildRoutes({ ...input, services });
  assert.deepEqual(
    routes.map(({ key, policy }) => [key, policy.balance]),
    [
      ["tcp/1000", "roundrobin"],
      ["tcp/2000", "leastconn"],
    ],
  );
  assert.deepEqual(
    routes[1]?.replicas.map(({ key, state, reason, since }) => [key, state, reason, since]),
    [
      ["10.0.0.1:80", "up", "running", 7],
      ["10.0.0.2:80", "down", "check failed", 7],
    ],
  );
  assert.deepEqual(problems, []);
});

test("two tasks on one address are one replica, and the better state speaks", () => {
  const twins = [
    replica("10.0.0.1:80", { task: "dead", health: "down" }),
    replica("10.0.0.1:80", { task: "alive" }),
  ];
  const { routes } = buildRoutes({
    ...input,
    services: [service("/a", 1000, { replicas: twins })],
  });
  assert.deepEqual(
    routes[0]?.replicas.map(({ task, state }) => [task, state]),
    [["alive", "up"]],
  );
});

test("a UDP service is listed and reported as not forwarded", () => {
  const { routes, problems } = buildRoutes({
    ...input,
    services: [service("/dns", 53, { protocol: "udp", mode: "udp" })],
  });
  assert.equal(routes[0]?.key, "udp/53");
  assert.deepEqual(
    problems.map(({ kind, subject }) => [kind, subject]),
    [["unsupported", "/dns"]],
  );
});
