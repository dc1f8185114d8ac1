import assert from "node:assert/strict";
import { test } from "node:test";
import { Latest } from "../../../src/async/latest.ts";
import { Controller, type ControllerOptions } from "../../../src/control/controller.ts";
import type { Source, SourceState } from "../../../src/discovery/source.ts";
import { defaultPolicy } from "../../../src/model/policy.ts";
import type { Service } from "../../../src/model/service.ts";
import type { RouteChange } from "../../../src/routing/diff.ts";
import type { Table } from "../../../src/routing/table.ts";
import type { CheckWish } from "../../../src/model/service.ts";
import { eventually } from "../../support/eventually.ts";
import { handChecks, HandProber, noChecks } from "../../support/checks.ts";
import { replica, service } from "../../support/services.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

class HandDriven implements Source {
  readonly name: string;
  readonly #states = new Latest<SourceState>();
  resyncs = 0;

  constructor(name: string) {
    this.name = name;
  }

  say(services: readonly Service[], confirmedGone: readonly string[] = []): void {
    this.#states.set({ services, problems: [], confirmedGone: new Set(confirmedGone) });
  }

  run(signal: AbortSignal): AsyncIterable<SourceState> {
    return this.#states.values(signal);
  }

  status(): never {
    throw new Error("not asked here");
  }

  resync(): void {
    this.resyncs += 1;
  }
}

interface Rig extends AsyncDisposable {
  readonly controller: Controller;
  readonly sources: readonly HandDriven[];
  readonly published: { readonly table: Table; readonly changes: readonly RouteChange[] }[];
  settle(): Promise<void>;
  now: number;
  /** Connections that every replica seems to have. */
  open: number;
}

function start(
  names: readonly string[] = ["one"],
  shrinkGuard = true,
  more: Partial<ControllerOptions> = {},
): Rig {
  const sources = names.map((name) => new HandDriven(name));
  const published: Rig["published"] = [];
  const life = new AbortController();
  const rig: Rig = {
    controller: new Controller({
      feeds: sources.map((source) => ({ source, states: (signal) => source.run(signal) })),
      rules: {
        ports: {
          firstPort: 1,
          lastPort: 65_535,
          reserved: new Map(),
          sources: [],
          mergesSources: false,
        },
        defaultPolicy,
        groupSize: 1,
        isOwnHost: () => false,
        isOwnPort: () => false,
      },
      checks: noChecks(),
      connectionsOn: () => rig.open,
      shrinkGuard,
      clock: () => rig.now,
      steadyClock: () => rig.now,
      logger: silent,
      publish: (table, changes) => published.push({ table, changes }),
      ...more,
    }),
    sources,
    published,
    now: 1000,
    open: 0,
    async settle() {
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    },
    async [Symbol.asyncDispose]() {
      life.abort();
      await running;
    },
  };
  const running = rig.controller.run(life.signal);
  return rig;
}

const web = service("/web", 1234, { replicas: [replica("10.0.0.1:80")] });

test("equal input publishes nothing; a difference publishes the next version", async () => {
  await using rig = start();
  const [source] = rig.sources;
  source?.say([web]);
  await rig.settle();
  source?.say([structuredClone(web)]);
  await rig.settle();
  assert.deepEqual(
    rig.published.map(({ table }) => table.version),
    [1],
  );
  source?.say([{ ...web, replicas: [...web.replicas, replica("10.0.0.2:80")] }]);
  await rig.settle();
  assert.deepEqual(
    rig.published.map(({ table }) => table.version),
    [1, 2],
  );
  assert.deepEqual(
    rig.published[1]?.changes.map(({ kind, key }) => [kind, key]),
    [["changed", "tcp/1234"]],
  );
});

test("a change of an app that is not served on its port is published, and changes no route", async () => {
  await using rig = start();
  const [source] = rig.sources;
  const loser = (address: string): Service =>
    service("/other/web", 1234, { configuredAt: 1, replicas: [replica(address)] });
  source?.say([web, loser("10.0.0.2:80")]);
  await rig.settle();
  source?.say([web, loser("10.0.0.3:80")]);
  await rig.settle();
  source?.say([web, loser("10.0.0.3:80")]);
  await rig.settle();
  const told = rig.published.map(({ table, changes }) => [
    changes.length,
    table.apart?.map(({ app, replicas }) => [app, replicas[0]?.key]),
  ]);
  assert.deepEqual(told, [
    [1, [["/other/web", "10.0.0.2:80"]]],
    [0, [["/other/web", "10.0.0.3:80"]]],
  ]);
});

test("a published table is frozen through and through", async () => {
  await using rig = start();
  rig.sources[0]?.say([web]);
  await rig.settle();
  const { table } = rig.controller;
  assert.ok(
    Object.isFrozen(table) && Object.isFrozen(table.routes) && Object.isFrozen(table.problems),
  );
  for (const route of table.routes) {
    assert.ok(Object.isFrozen(route) && Object.isFrozen(route.replicas));
    assert.ok(route.replicas.every((one) => Object.isFrozen(one) && Object.isFrozen(one.address)));
  }
});

test("an empty first answer is a complete table too", async () => {
  await using rig = start();
  rig.sources[0]?.say([]);
  await rig.settle();
  assert.equal(rig.controller.table.version, 1);
});

test("nothing is published before every source has spoken", async () => {
  await using rig = start(["one", "two"]);
  rig.sources[0]?.say([web]);
  await rig.settle();
  assert.equal(rig.published.length, 0);
  rig.sources[1]?.say([service("/db", 5432, { source: "two" })]);
  await rig.settle();
  assert.deepEqual(
    rig.controller.table.routes.map(({ app }) => app),
    ["/web", "/db"],
  );
});

test("an answer that loses everything at once is held back and reported until it is confirmed (M06)", async () => {
  await using rig = start();
  const [source] = rig.sources;
  source?.say([web]);
  await rig.settle();
  for (const step of [0, 10_000]) {
    rig.now += step;
    source?.say([]);
    await rig.settle();
    assert.equal(rig.controller.table.routes[0]?.replicas.length, 1);
    assert.equal(rig.controller.table.problems[0]?.kind, "held-back");
  }
  rig.now += 10_000;
  source?.say([]);
  await rig.settle();
  assert.deepEqual(rig.controller.table.routes, []);
  assert.deepEqual(rig.controller.table.problems, []);
});

test("without the guard the same answer is applied at once", async () => {
  await using rig = start(["one"], false);
  rig.sources[0]?.say([web]);
  await rig.settle();
  rig.sources[0]?.say([]);
  await rig.settle();
  assert.deepEqual(rig.controller.table.routes, []);
});

test("a new leader that forgot every health result changes nothing for replicas that worked", async () => {
  await using rig = start();
  const [source] = rig.sources;
  source?.say([web]);
  await rig.settle();
  const amnesia = replica("10.0.0.1:80", { health: "unknown", reason: "no check result" });
  const fresh = replica("10.0.0.2:80", { health: "unknown", reason: "no check result" });
  source?.say([{ ...web, replicas: [amnesia, fresh] }]);
  await rig.settle();
  const states = rig.controller.table.routes[0]?.replicas.map(({ key, state }) => [key, state]);
  assert.deepEqual(states, [
    ["10.0.0.1:80", "up"],
    ["10.0.0.2:80", "unknown"],
  ]);
});

test("what is kept for the next start remembers what a source has forgotten", async () => {
  const kept: (readonly Service[])[] = [];
  const amnesia = replica("10.0.0.1:80", { health: "unknown", reason: "no check result" });
  {
    await using rig = start(["one"], true, {
      heard: (services) => kept.push(services),
    });
    rig.sources[0]?.say([web]);
    await rig.settle();
    rig.sources[0]?.say([{ ...web, replicas: [amnesia] }]);
    await rig.settle();
  }
  const services = (kept.at(-1) ?? []).map((one) => ({ ...one, source: "one" }));
  await using rig = start(["one"], true, { restored: { services, savedAt: 1000 } });
  await rig.settle();
  const states = (): unknown => rig.controller.table.routes[0]?.replicas.map(({ state }) => state);
  assert.deepEqual(states(), ["up"]);
  rig.sources[0]?.say([{ ...web, source: "one", replicas: [amnesia] }]);
  await rig.settle();
  assert.deepEqual(states(), ["up"]);
});

test("a replica that is no longer listed stays in sight, draining, until its connections have ended", async () => {
  await using rig = start();
  const [source] = rig.sources;
  const two = replica("10.0.0.2:80");
  source?.say([{ ...web, replicas: [...web.replicas, two] }]);
  await rig.settle();
  rig.open = 1;
  source?.say([web]);
  await rig.settle();
  const shown = rig.controller.table.routes[0]?.replicas.map(({ key, state }) => [key, state]);
  assert.deepEqual(shown, [
    ["10.0.0.1:80", "up"],
    ["10.0.0.2:80", "draining"],
  ]);
  rig.open = 0;
  await eventually(() => rig.controller.table.routes[0]?.replicas.length === 1);
});

/** A rig whose probes find what the test says. */
function startProbed(shrinkGuard = true): Rig & { readonly prober: HandProber } {
  const prober = new HandProber();
  return Object.assign(start(["one"], shrinkGuard, { checks: handChecks(prober) }), { prober });
}

function statesOf({ controller }: Rig): string[] {
  return controller.table.routes.flatMap(({ replicas }) =>
    replicas.map(({ key, state, reason }) => `${key} ${state}: ${reason}`),
  );
}

test("what probes find changes the table, and only when it changes", async () => {
  await using rig = startProbed();
  const replicas = [replica("10.0.0.1:80"), replica("10.0.0.2:80")];
  rig.sources[0]?.say([service("/web", 1234, { replicas })]);
  await rig.settle();
  assert.deepEqual(statesOf(rig), ["10.0.0.1:80 up: running", "10.0.0.2:80 up: running"]);
  rig.prober.find("10.0.0.1:80", "down", "L4CON: refused");
  rig.controller.stir();
  await eventually(() => rig.published.length === 2);
  assert.deepEqual(statesOf(rig), [
    "10.0.0.1:80 down: probe L4CON: refused",
    "10.0.0.2:80 up: running",
  ]);
  rig.controller.stir();
  rig.prober.find("10.0.0.1:80", "up", "L4OK");
  rig.controller.stir();
  await eventually(() => rig.published.length === 3);
  assert.equal(statesOf(rig)[0], "10.0.0.1:80 up: running");
});

test("when most probes fail at once everything stays up, says why, and is believed when it lasts", async () => {
  await using rig = startProbed();
  const replicas = [1, 2, 3, 4, 5].map((n) => replica(`10.0.0.${n}:80`));
  rig.sources[0]?.say([service("/web", 1234, { replicas })]);
  await rig.settle();
  for (const { address } of replicas) rig.prober.find(`${address.host}:80`, "down", "L4TOUT");
  rig.controller.stir();
  await eventually(() => rig.published.length === 2);
  assert.deepEqual(
    new Set(statesOf(rig).map((line) => line.slice(12))),
    new Set(["up: held up: most probes fail at once; L4TOUT"]),
  );
  const { problems } = rig.controller.table;
  assert.deepEqual(
    problems.map(({ kind, subject }) => [kind, subject]),
    [["held-back", "probes"]],
  );
  assert.match(problems[0]?.reason ?? "", /^5 of 5 replicas fail their probes at once: held back/);
  rig.now += 30_000;
  await eventually(() => rig.published.length === 3);
  assert.ok(statesOf(rig).every((line) => line.includes(" down: probe L4TOUT")));
  assert.deepEqual(rig.controller.table.problems, []);
});

test("without the guard, probes are believed whatever they say", async () => {
  await using rig = startProbed(false);
  const replicas = [1, 2, 3, 4, 5].map((n) => replica(`10.0.0.${n}:80`));
  rig.sources[0]?.say([service("/web", 1234, { replicas })]);
  await rig.settle();
  for (const { address } of replicas) rig.prober.find(`${address.host}:80`, "down");
  rig.controller.stir();
  await eventually(() => rig.published.length === 2);
  assert.ok(statesOf(rig).every((line) => line.includes(" down: ")));
});

test("an explanation names every signal, who decided, and what stands against a replica", async () => {
  await using rig = startProbed();
  const check: CheckWish = { kind: { value: "http", from: "label portolan.0.check" } };
  const replicas = [
    replica("10.0.0.1:80"),
    replica("10.0.0.2:80", { health: "down", reason: "a check fails" }),
    replica("10.0.0.3:80", { weight: 0 }),
    replica("10.0.0.4:80"),
  ];
  rig.sources[0]?.say([
    service("/web", 1234, { replicas, check }),
    service("/rival", 1234, { configuredAt: 5, replicas: [replica("10.0.0.9:80")] }),
  ]);
  await rig.settle();
  rig.prober.find("10.0.0.1:80", "up", "L7OK/200 in 2 ms");
  const ejection = (_key: string, key: string): { reason: string; since: number } | undefined =>
    key === "10.0.0.4:80" ? { reason: "ejected for 30 s", since: 400 } : undefined;
  const failing = { says: "failing", reason: "a connection failed", at: 1200 };
  const connections = (_key: string, key: string): typeof failing | undefined =>
    key === "10.0.0.4:80" ? failing : undefined;
  rig.now = 1500;
  const live = { ejection, connections, thisHost: new Set(["10.0.0.3"]) };
  const [explained] = rig.controller.explain("/web", live)?.services ?? [];
  assert.equal(explained?.isServed, true);
  assert.equal(explained.locality, "any");
  assert.deepEqual(
    explained.replicas.map(({ isLocal }) => isLocal),
    [false, false, true, false],
  );
  assert.equal(explained?.checkFrom["kind"], "label portolan.0.check");
  assert.deepEqual(
    explained?.replicas.map(({ address, isIn, state, reason }) => [address, isIn, state, reason]),
    [
      ["10.0.0.1:80", true, "up", "running"],
      ["10.0.0.2:80", false, "down", "a check fails"],
      ["10.0.0.3:80", false, "up", "running"],
      ["10.0.0.4:80", false, "ejected", "ejected for 30 s"],
    ],
  );
  assert.deepEqual(explained?.replicas[0]?.signals, [
    { from: "test", says: "up", reason: "running", ageMs: 500 },
    { from: "probe", says: "up", reason: "L7OK/200 in 2 ms", ageMs: 1500 },
    { from: "connections", says: "ok", reason: "no failures in a row", ageMs: undefined },
  ]);
  assert.equal(explained?.replicas[0]?.nextProbeInMs, 1000);
  assert.deepEqual(explained?.replicas[3]?.signals.at(-1), {
    from: "connections",
    says: "failing",
    reason: "a connection failed",
    ageMs: 300,
  });
});

test("an explanation of an app that lost its port says so; of one that nobody lists there is none", async () => {
  await using rig = startProbed();
  rig.sources[0]?.say([
    service("/web", 1234, { replicas: [replica("10.0.0.1:80")] }),
    service("/rival", 1234, { configuredAt: 5, replicas: [replica("10.0.0.9:80")] }),
  ]);
  await rig.settle();
  const nothing = (): undefined => undefined;
  const live = { ejection: nothing, connections: nothing, thisHost: new Set<string>() };
  const explain = (app: string) => rig.controller.explain(app, live);
  const rival = explain("/rival")?.services[0];
  assert.equal(rival?.isServed, false);
  assert.deepEqual(
    rival?.replicas.map(({ isIn, reason }) => [isIn, reason]),
    [[false, "its service is not served"]],
  );
  assert.equal(explain("/nobody"), undefined);
});
