import assert from "node:assert/strict";
import { test } from "node:test";
import {
  choose,
  firstWish,
  standingOf,
  type Wish,
} from "../../../src/admin/dashboard/client/choice.ts";
import { History, sparkline } from "../../../src/admin/dashboard/client/history.ts";
import { toRows } from "../../../src/admin/dashboard/client/rows.ts";
import { Store } from "../../../src/admin/dashboard/client/store.ts";
import { ageText, bytesText, countText } from "../../../src/admin/dashboard/client/texts.ts";
import type { LiveReplica, LiveService, Traffic } from "../../../src/admin/live-document.ts";

function service(port: number, more: Partial<LiveService> = {}): LiveService {
  return {
    key: `tcp/${port}`,
    name: `${port}.a`,
    app: `/a/${port}`,
    port,
    mode: "tcp",
    balance: "leastconn",
    source: "marathon",
    listening: [`127.0.0.1:${port}`],
    limit: 100,
    total: 2,
    up: 2,
    out: "",
    places: "10.0.0.1:31000 agent-7",
    problems: 0,
    ...more,
  };
}

const services = [
  service(80, { app: "/Shop/web", source: "file" }),
  service(81, { up: 1, mode: "http", places: "10.0.0.2:31000 agent-8" }),
  service(82, { up: 0 }),
  service(83, { problems: 1 }),
  service(84, { listening: [] }),
  service(85, { total: 0, up: 0 }),
];

const traffic = new Map<string, Traffic>([
  ["tcp/81", [5, 2, 10, 0, 0, 50, 0, 0, 0]],
  ["tcp/83", [9, 1, 0, 70, 1, 20, 4, 0, 0]],
]);

function chosen(wish: Partial<Wish>): number[] {
  return choose(services, traffic, { ...firstWish, ...wish }).map(({ port }) => port);
}

test("services are chosen by words, by standing, by source", () => {
  assert.deepEqual(chosen({}), [80, 81, 82, 83, 84, 85]);
  assert.deepEqual(chosen({ text: "shop" }), [80]);
  assert.deepEqual(chosen({ text: " http  a/81 " }), [81]);
  assert.deepEqual(chosen({ text: "tcp/8 file" }), [80]);
  assert.deepEqual(chosen({ text: "agent-8" }), [81]);
  assert.deepEqual(chosen({ text: "10.0.0.2:3" }), [81]);
  assert.deepEqual(chosen({ text: "nothing" }), []);
  assert.deepEqual(chosen({ standing: "up" }), [80, 83, 84]);
  assert.deepEqual(chosen({ standing: "impaired" }), [81]);
  assert.deepEqual(chosen({ standing: "down" }), [82, 85]);
  assert.deepEqual(chosen({ standing: "problem" }), [83, 84]);
  assert.deepEqual(chosen({ source: "file" }), [80]);
  assert.equal(standingOf(service(1, { total: 0, up: 0 })), "down");
});

test("they are sorted by any column, equals by port", () => {
  assert.deepEqual(chosen({ sort: "service" }), [80, 81, 82, 83, 84, 85]);
  assert.deepEqual(chosen({ sort: "state" }), [82, 85, 81, 80, 83, 84]);
  assert.deepEqual(chosen({ sort: "open", descending: true }), [83, 81, 80, 82, 84, 85]);
  assert.deepEqual(chosen({ sort: "received", descending: true })[0], 81);
  assert.deepEqual(chosen({ sort: "failed", descending: true })[0], 83);
  assert.deepEqual(chosen({ sort: "mode" })[0], 81);
  assert.deepEqual(chosen({ sort: "port", descending: true })[0], 85);
});

test("an unfolded service is followed by its replicas, or by a word on them", () => {
  const store = new Store();
  const shown = (): string[] =>
    toRows(services.slice(0, 2), store, new Set(["tcp/80"])).map((row) =>
      row.kind === "note" ? row.text : row.id,
    );
  assert.deepEqual(shown(), ["tcp/80", "asking for its replicas…", "tcp/81"]);
  store.takeReplicas({ service: "tcp/80", set: [], gone: [] });
  assert.deepEqual(shown(), ["tcp/80", "no replicas", "tcp/81"]);
  const replica: LiveReplica = {
    address: "b:1",
    host: "h",
    task: "t",
    weight: 1,
    state: "up",
    reason: "r",
    since: 0,
    traffic: [0, 0, 0, 0, 0, 0, 0, 0, 0],
  };
  store.takeReplicas({
    service: "tcp/80",
    set: [replica, { ...replica, address: "a:1" }],
    gone: [],
  });
  assert.deepEqual(shown(), ["tcp/80", "tcp/80 a:1", "tcp/80 b:1", "tcp/81"]);
});

test("the clock of the proxy goes on between two words of it", () => {
  const store = new Store();
  store.begin({ now: 5000 }, 100);
  assert.equal(store.now(1100), 6000);
});

test("a minute of samples is kept, the oldest first, and what is not noted is forgotten", () => {
  const history = new History();
  for (let second = 1; second <= 70; second += 1) history.note([["a", second]]);
  assert.deepEqual(
    [history.of("a").length, history.of("a")[0], history.of("a").at(-1)],
    [60, 11, 70],
  );
  history.note([["b", 1]]);
  assert.deepEqual([history.of("a"), history.of("b").at(-1)], [[], 1]);
});

test("a sparkline fills its box, and nothing has none", () => {
  assert.equal(sparkline([0, 5, 10], 20, 12), "0.0,11.0 10.0,6.0 20.0,1.0");
  assert.equal(sparkline([0, 0], 20, 12), "");
  assert.equal(sparkline([], 20, 12), "");
});

test("numbers are short and ages in their largest unit", () => {
  const counts: readonly (readonly [number, string])[] = [
    [0, "0"],
    [7.5, "7.5"],
    [999, "999"],
    [999.6, "1.0k"],
    [12_345, "12.3k"],
    [123_456, "123k"],
    [5_000_000, "5M"],
    [7e15, "7000T"],
  ];
  for (const [value, text] of counts) assert.equal(countText(value), text);
  assert.deepEqual([0, 512, 1234].map(bytesText), ["0", "512 B", "1.2 kB"]);
  assert.deepEqual([-5, 900, 61_000, 7_200_000, 9e8, Number.NaN].map(ageText), [
    "0 s",
    "0 s",
    "1 min",
    "2 h",
    "10 d",
    "never",
  ]);
});
