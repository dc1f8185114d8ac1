import assert from "node:assert/strict";
import { test } from "node:test";
import type { Service } from "../../../src/model/service.ts";
import { defaultPolicy } from "../../../src/model/policy.ts";
import { RouteBuilder, type BuildInput } from "../../../src/routing/build.ts";
import type { Route } from "../../../src/routing/table.ts";
import { replica, service } from "../../support/services.ts";

const input: Omit<BuildInput, "services"> = {
  standingsOf: ({ replicas }) =>
    replicas.map(({ health, reason }) => ({ state: health, reason, since: 7 })),
  incumbents: [],
  ports: {
    firstPort: 1,
    lastPort: 65_535,
    reserved: new Map(),
    sources: [],
    mergesSources: false,
  },
  defaultPolicy,
  groupSize: 1,
  isOwnHost: (host) => host === "127.0.0.1",
  isOwnPort: () => false,
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
  const { routes, problems } = new RouteBuilder().build({ ...input, services });
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

test("two tasks on one address are one replica, and the better state speaks (R12)", () => {
  const twins = [
    replica("10.0.0.1:80", { task: "dead", health: "down" }),
    replica("10.0.0.1:80", { task: "alive" }),
  ];
  const { routes } = new RouteBuilder().build({
    ...input,
    services: [service("/a", 1000, { replicas: twins })],
  });
  assert.deepEqual(
    routes[0]?.replicas.map(({ task, state }) => [task, state]),
    [["alive", "up"]],
  );
});

test("a UDP service is a route like any other, and its own listener is the one of its protocol", () => {
  const replicas = [replica("127.0.0.1:53"), replica("127.0.0.1:80")];
  const { routes, problems } = new RouteBuilder().build({
    ...input,
    services: [
      service("/dns", 53, { protocol: "udp", mode: "udp", replicas }),
      service("/web", 80, { replicas }),
    ],
  });
  const states = routes.map(({ key, replicas: [dns, web] }) => [key, dns?.state, web?.state]);
  assert.deepEqual(states, [
    ["udp/53", "down", "up"],
    ["tcp/80", "up", "down"],
  ]);
  assert.deepEqual(problems, []);
});

test("a replica that is our own listener is refused, whichever service it belongs to", () => {
  const services = [
    service("/loop", 1000, { replicas: [replica("127.0.0.1:2000"), replica("127.0.0.1:31000")] }),
    service("/other", 2000, { replicas: [replica("10.0.0.1:2000")] }),
  ];
  const { routes } = new RouteBuilder().build({ ...input, services });
  const states = routes.flatMap(({ replicas }) => replicas.map(({ key, state }) => [key, state]));
  assert.deepEqual(states, [
    ["127.0.0.1:2000", "down"],
    ["127.0.0.1:31000", "up"],
    ["10.0.0.1:2000", "up"],
  ]);
});

test("a replica's limit is divided by the group, rounded up, never to none", () => {
  for (const [limit, groupSize, want] of [
    [10, 3, 4],
    [1, 2, 1],
    [0, 5, 0],
  ] as const) {
    const services = [service("/a", 1000, { policy: { replicaLimit: limit } })];
    const { routes } = new RouteBuilder().build({ ...input, services, groupSize });
    assert.equal(routes[0]?.policy.replicaLimit, want);
  }
});

test("replicas of apps that share a port are one route, each with its own weight", () => {
  const main = service("/demo/web", 1234, { configuredAt: -1, replicas: [replica("10.0.0.1:80")] });
  const canary = service("/demo/canary", 1234, {
    merges: true,
    replicas: [replica("10.0.0.2:80", { weight: 25 })],
  });
  const { routes } = new RouteBuilder().build({ ...input, services: [canary, main] });
  assert.equal(routes.length, 1);
  assert.deepEqual([routes[0]?.app, routes[0]?.sharers], ["/demo/web", ["/demo/canary"]]);
  assert.deepEqual(
    routes[0]?.replicas.map(({ key, weight }) => [key, weight]),
    [
      ["10.0.0.1:80", 500],
      ["10.0.0.2:80", 25],
    ],
  );
});

test("replicas that stand by take connections while none before them is up, rank by rank", () => {
  const weightsOf = (...states: readonly ("up" | "down")[]): readonly (number | undefined)[] => {
    const replicas = states.map((health, index) =>
      replica(`10.0.0.${index + 1}:80`, {
        health,
        weight: 100 + index,
        ...(index === 0 ? {} : { standby: index === 1 ? 1 : 2 }),
      }),
    );
    const services = [service("/a", 1000, { replicas })];
    const { routes } = new RouteBuilder().build({ ...input, services });
    return routes[0]?.replicas.map(({ weight }) => weight) ?? [];
  };
  assert.deepEqual(weightsOf("up", "up", "up", "up"), [100, 0, 0, 0]);
  assert.deepEqual(weightsOf("down", "up", "up", "up"), [100, 101, 0, 0]);
  assert.deepEqual(weightsOf("down", "down", "up", "up"), [100, 101, 102, 103]);
  assert.deepEqual(weightsOf("down", "down", "down", "down"), [100, 101, 102, 103]);
  assert.deepEqual(weightsOf("up", "down", "down", "up"), [100, 0, 0, 0]);
});

test("a route of which nothing has changed is the same object as before", () => {
  const builder = new RouteBuilder();
  const [one, other] = [service("/one", 1000), service("/other", 2000)];
  const standings = new Map([one, other].map((it) => [it, input.standingsOf(it)]));
  const build = (services: readonly Service[], over: Partial<BuildInput> = {}): readonly Route[] =>
    builder.build({
      ...input,
      services,
      standingsOf: (it) => standings.get(it) ?? input.standingsOf(it),
      ...over,
    }).routes;
  const first = build([one, other]);
  assert.ok(first.every((route, index) => route === build([one, other])[index]));
  standings.set(other, [...input.standingsOf(other)]);
  const [kept, anew] = build([one, other]);
  assert.equal(kept, first[0]);
  assert.notEqual(anew, first[1]);
  assert.deepEqual(anew, first[1]);
  assert.notEqual(build([one, other], { groupSize: 2 })[0], kept);
});

test("a replica is our own listener from the moment that its port is served, and no longer", () => {
  const builder = new RouteBuilder();
  const web = service("/web", 1000, { replicas: [replica("127.0.0.1:2000")] });
  const other = service("/other", 2000);
  const isOwnHost = (host: string): boolean => host === "127.0.0.1";
  const states = (services: readonly Service[]): unknown =>
    builder
      .build({ ...input, isOwnHost, services })
      .routes.find(({ app }) => app === "/web")
      ?.replicas.map(({ state }) => state);
  assert.deepEqual(states([web]), ["up"]);
  assert.deepEqual(states([web, other]), ["down"]);
  assert.deepEqual(states([web]), ["up"]);
});

test("a replica at a port of ours that no service has would be a loop as well", () => {
  const isOwnPort: BuildInput["isOwnPort"] = ({ host, port }, protocol) =>
    host === "10.0.0.1" && port === 80 && protocol === "tcp";
  const replicas = [replica("10.0.0.1:80"), replica("10.0.0.1:81"), replica("10.0.0.2:80")];
  const services = [service("/web", 1000, { replicas })];
  const builder = new RouteBuilder();
  const [route] = builder.build({ ...input, isOwnPort, services }).routes;
  assert.deepEqual(
    route?.replicas.map(({ key, state }) => [key, state]),
    [
      ["10.0.0.1:80", "down"],
      ["10.0.0.1:81", "up"],
      ["10.0.0.2:80", "up"],
    ],
  );
  const [before] = builder.build({ ...input, services }).routes;
  assert.deepEqual(
    before?.replicas.map(({ state }) => state),
    ["up", "up", "up"],
  );
});

test("a service whose replicas have no address yet keeps its port from others, and is not served (L21)", () => {
  const awaited = service("/slow", 1000, { isAwaited: true, configuredAt: 1 });
  const rival = service("/rival", 1000, { configuredAt: 2, replicas: [replica("10.0.0.7:80")] });
  const builder = new RouteBuilder();
  const { routes, problems } = builder.build({ ...input, services: [rival, awaited] });
  assert.deepEqual(routes, []);
  assert.deepEqual(
    problems.map(({ kind, subject }) => [kind, subject]),
    [["port-conflict", "/rival"]],
  );
  const partly = { ...awaited, replicas: [replica("10.0.0.1:80")] };
  const next = builder.build({ ...input, services: [rival, partly] });
  assert.deepEqual(
    next.routes.map(({ app }) => app),
    ["/slow"],
  );
});
