import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Store } from "../../../src/admin/dashboard/client/store.ts";
import { RoutingChanges } from "../../../src/admin/live-changes.ts";
import {
  liveChange,
  replicasChange,
  toReplicaTexts,
  toTexts,
} from "../../../src/admin/live-texts.ts";
import { serviceTotals, TrafficMeter } from "../../../src/admin/live-traffic.ts";
import {
  viewLive,
  viewReplicas,
  type LiveInput,
  type LiveView,
} from "../../../src/admin/live-view.ts";
import {
  closedColumn,
  droppedColumn,
  serviceColumns,
  serviceRow,
} from "../../../src/model/counters.ts";
import { defaultPolicy } from "../../../src/model/policy.ts";
import type { ReplicaState } from "../../../src/model/replica.ts";
import { emptyTable, type Route, type RoutedReplica } from "../../../src/routing/table.ts";

function replica(key: string, state: ReplicaState, reason: string = state): RoutedReplica {
  const [host = "", port = ""] = key.split(":");
  const address = { host, port: Number(port) };
  return { key, address, host: "agent", task: "t", weight: 500, state, reason, since: 1000 };
}

function route(port: number, replicas: readonly RoutedReplica[]): Route {
  const key = `tcp/${port}`;
  const shape = { protocol: "tcp", mode: "tcp", policy: defaultPolicy, source: "file" } as const;
  return { key, app: `/a/${port}`, name: `${port}.a`, port, ...shape, replicas };
}

function input(routes: readonly Route[], more: Partial<LiveInput> = {}): LiveInput {
  return {
    version: "1.2.3",
    phase: () => "OK",
    table: () => ({ ...emptyTable, version: 7, updatedAt: 500, routes }),
    sources: () => [{ name: "file", ageSeconds: 3 }],
    problems: () => [],
    routingChanges: () => [],
    serviceCells: () => undefined,
    replicaCells: () => undefined,
    listening: (key) => [key.replace("tcp/", "127.0.0.1:")],
    connections: () => 0,
    probed: () => undefined,
    ejection: () => undefined,
    clock: () => 2000,
    ...more,
  };
}

test("a rate is what came since the round before; a first look and a row that began anew have none", () => {
  const meter = new TrafficMeter();
  const rare = { retried: 6, denied: 4 };
  const totals = { open: 1, opened: 10, received: 1000, sent: 0, failed: 2, ...rare };
  assert.deepEqual(meter.measure("a", totals, 0), [1, 0, 0, 0, 0, 10, 2, 6, 4]);
  meter.turn();
  const later = { open: 2, opened: 13, received: 1501, sent: 8, failed: 2, ...rare };
  assert.deepEqual(meter.measure("a", later, 2000), [2, 1.5, 251, 4, 0, 13, 2, 6, 4]);
  meter.turn();
  assert.deepEqual(meter.measure("a", { ...later, opened: 0 }, 3000).slice(1, 3), [0, 0]);
  meter.turn();
  meter.turn();
  assert.equal(meter.measure("a", { ...later, opened: 99 }, 4000)[1], 0, "it was forgotten");
});

test("errors of a service are endings that are neither the client's nor asked for; of UDP, datagrams dropped", () => {
  const cells = new Float64Array(serviceRow);
  cells[serviceColumns.active] = 4;
  cells[closedColumn("completed")] = 100;
  cells[closedColumn("client-reset")] = 10;
  cells[closedColumn("idle-timeout")] = 10;
  cells[closedColumn("upstream-refused")] = 2;
  cells[closedColumn("no-replica")] = 1;
  cells[serviceColumns.sessionsActive] = 5;
  cells[droppedColumn("too-big")] = 7;
  cells[serviceColumns.retries] = 8;
  cells[closedColumn("denied")] = 9;
  cells[droppedColumn("denied")] = 11;
  assert.deepEqual([serviceTotals(cells, "tcp").open, serviceTotals(cells, "tcp").failed], [4, 3]);
  assert.deepEqual([serviceTotals(cells, "udp").open, serviceTotals(cells, "udp").failed], [5, 7]);
  assert.deepEqual(
    (["tcp", "udp"] as const).map((protocol) => {
      const { retried, denied } = serviceTotals(cells, protocol);
      return [retried, denied];
    }),
    [
      [8, 9],
      [8, 11],
    ],
  );
  assert.equal(serviceTotals(undefined, "tcp").opened, 0);
});

test("a service tells how many replicas are up, why others are out, and how many problems are about it", () => {
  const replicas = [
    replica("10.0.0.1:1", "up"),
    replica("10.0.0.2:1", "down", "L4CON"),
    replica("10.0.0.3:1", "up"),
  ];
  const about = (subject: string) =>
    ({ kind: "invalid-label", subject, reason: "x", since: 0 }) as const;
  const view = viewLive(
    input([route(80, replicas), route(81, [])], {
      ejection: (_, key) => (key === "10.0.0.3:1" ? { reason: "refused", since: 5 } : undefined),
      problems: () => [about("/a/80"), about("tcp/80"), about("/other")],
    }),
    new TrafficMeter(),
    0,
  );
  const [one, none] = view.services;
  assert.deepEqual(
    [one?.up, one?.total, one?.out, one?.problems],
    [1, 3, "10.0.0.2:1 down: L4CON (and 1 more)", 2],
  );
  assert.deepEqual([none?.up, none?.total, none?.out, none?.problems], [0, 0, "", 0]);
  assert.equal(one?.places, "10.0.0.1:1 agent 10.0.0.2:1 10.0.0.3:1");
  assert.deepEqual(view.sources, [{ name: "file" }], "an age would be a change every second");
});

test("replicas are shown as they are now: ejected, or with what the newest probe found", () => {
  const shown = viewReplicas(
    route(80, [
      replica("10.0.0.1:1", "up"),
      replica("10.0.0.2:1", "up"),
      replica("10.0.0.3:1", "down", "staging"),
    ]),
    input([], {
      ejection: (_, key) => (key === "10.0.0.1:1" ? { reason: "refused", since: 5 } : undefined),
      probed: () => "L4OK in 1 ms",
    }),
    { meter: new TrafficMeter(), at: 0 },
  );
  assert.deepEqual(
    shown.map(({ state, reason, since }) => [state, reason, since]),
    [
      ["ejected", "refused", 5],
      ["up", "probe L4OK in 1 ms", 1000],
      ["down", "staging", 1000],
    ],
  );
});

/** Views of a few services whose descriptions and numbers vary. */
const views: fc.Arbitrary<LiveView> = fc
  .record({
    ports: fc.uniqueArray(fc.integer({ min: 1, max: 6 })),
    states: fc.array(fc.constantFrom<ReplicaState>("up", "down"), { maxLength: 3 }),
    opened: fc.integer({ min: 0, max: 2 }),
    phase: fc.constantFrom("OK", "TERMINATING"),
  })
  .map(({ ports, states, opened, phase }) => {
    const replicas = states.map((state, index) => replica(`10.0.0.${index}:1`, state));
    const cells = new Float64Array(serviceRow).fill(opened);
    const routes = ports.map((port) => route(port, replicas));
    const given = input(routes, { phase: () => phase, serviceCells: () => cells });
    return viewLive(given, new TrafficMeter(), 0);
  });

test("whoever takes the first view and then every change has the last view", () => {
  fc.assert(
    fc.property(fc.array(views, { minLength: 1, maxLength: 6 }), (seen) => {
      const store = new Store();
      let before: ReturnType<typeof toTexts> | undefined;
      for (const view of seen) {
        const texts = toTexts(view);
        const change = liveChange(before, texts);
        if (before === undefined) store.begin(JSON.parse(change ?? "{}"), 0);
        else if (change !== undefined) store.take(JSON.parse(change), 0);
        before = texts;
        const last: LiveView = JSON.parse(JSON.stringify(view));
        assert.deepEqual(
          [...store.services.values()].toSorted(byPort),
          [...last.services].toSorted(byPort),
        );
        assert.deepEqual(
          new Map([...store.traffic].toSorted()),
          new Map(last.traffic.map(([key, ...row]) => [key, row] as const).toSorted()),
        );
        assert.deepEqual(store.head, last.head);
        assert.equal(liveChange(texts, toTexts(view)), undefined, "no change is no news");
      }
    }),
  );
});

function byPort(one: { readonly port: number }, other: { readonly port: number }): number {
  return one.port - other.port;
}

test("of replicas only those that changed are told, and those that left", () => {
  const shown = (...replicas: readonly RoutedReplica[]): ReturnType<typeof toReplicaTexts> =>
    toReplicaTexts(
      viewReplicas(route(80, replicas), input([]), { meter: new TrafficMeter(), at: 0 }),
    );
  const [one, two] = [replica("10.0.0.1:1", "up"), replica("10.0.0.2:1", "up")];
  const store = new Store();
  store.takeReplicas(JSON.parse(replicasChange("tcp/80", undefined, shown(one, two)) ?? ""));
  assert.equal(replicasChange("tcp/80", shown(one, two), shown(one, two)), undefined);
  const change = replicasChange("tcp/80", shown(one, two), shown(replica(two.key, "down")));
  store.takeReplicas(JSON.parse(change ?? ""));
  assert.deepEqual(
    [...(store.replicas.get("tcp/80")?.values() ?? [])].map(({ address, state }) => [
      address,
      state,
    ]),
    [["10.0.0.2:1", "down"]],
  );
  assert.equal(
    replicasChange("tcp/9", undefined, shown()),
    '{"service":"tcp/9","set":[],"gone":[]}',
  );
});

test("the last fifty routing changes are kept, a bounded line each", () => {
  const changes = new RoutingChanges();
  changes.note({ ...emptyTable, version: 1 }, []);
  assert.equal(changes.newest.length, 0);
  const many = Array.from({ length: 40 }, (_, port) => route(port, []));
  for (let version = 1; version <= 60; version += 1) {
    changes.note(
      { ...emptyTable, version, updatedAt: version },
      many.map((after) => ({ kind: "added", key: after.key, after }) as const),
    );
  }
  assert.deepEqual(
    [changes.newest.length, changes.newest[0]?.version, changes.newest[0]?.at],
    [50, 60, 60],
  );
  assert.ok((changes.newest[0]?.line.length ?? 0) < 300);
});
