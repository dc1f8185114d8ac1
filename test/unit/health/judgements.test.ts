import assert from "node:assert/strict";
import { test } from "node:test";
import { Judgements } from "../../../src/health/judgements.ts";
import { memoryMs } from "../../../src/health/verdict.ts";
import type { Service } from "../../../src/model/service.ts";
import { handChecks, HandProber } from "../../support/checks.ts";
import { replica, service } from "../../support/services.ts";

function rig() {
  const prober = new HandProber();
  const checks = handChecks(prober);
  const judgements = new Judgements(checks, true);
  const judge = (services: readonly Service[], at = 0): void => {
    checks.follow(services);
    judgements.judge(services, { wall: at, steady: at });
  };
  const states = (one: Service): unknown => judgements.of(one)?.map(({ state }) => state);
  return { prober, checks, judgements, judge, states };
}

const [web, db] = [
  service("/web", 80, { replicas: [replica("10.0.0.1:80"), replica("10.0.0.2:80")] }),
  service("/db", 90, { replicas: [replica("10.0.0.3:90")] }),
];

test("the verdicts on a service are the same array until one of them changes", () => {
  const { prober, judgements, judge, states } = rig();
  judge([web, db]);
  const [ofWeb, ofDb] = [judgements.of(web), judgements.of(db)];
  judge([web, db], 1);
  assert.equal(judgements.of(web), ofWeb);
  prober.find("10.0.0.2:80", "down");
  judge([web, db], 2);
  assert.deepEqual(states(web), ["up", "down"]);
  assert.equal(judgements.of(db), ofDb);
  prober.find("10.0.0.2:80", "up");
  judge([web, db], 3);
  assert.deepEqual(states(web), ["up", "up"]);
});

test("what is no longer listed is forgotten, and starts anew when it comes back", () => {
  const { judgements, judge } = rig();
  judge([web, db], 1);
  judge([web], 2);
  assert.equal(judgements.of(db), undefined);
  judge([web, db], 3);
  assert.deepEqual(
    judgements.of(db)?.map(({ since }) => since),
    [3],
  );
  assert.deepEqual(
    judgements.of(web)?.map(({ since }) => since),
    [1, 1],
  );
});

test("the memory of a replica whose source forgot it begins when it is forgotten, and time alone ends it", () => {
  const { judge, states } = rig();
  const unprobed = { check: { health: { value: "marathon", from: "label" } } } as const;
  const known = service("/a", 1, { replicas: [replica("10.0.0.9:80")], ...unprobed });
  const forgotten = service("/a", 1, {
    replicas: [replica("10.0.0.9:80", { health: "unknown", reason: "no check result" })],
    ...unprobed,
  });
  judge([known], 0);
  judge([forgotten], memoryMs);
  judge([forgotten], 2 * memoryMs);
  assert.deepEqual(states(forgotten), ["up"]);
  judge([forgotten], 2 * memoryMs + 1);
  assert.deepEqual(states(forgotten), ["unknown"]);
});

/** A service of so many replicas, all found up and judged. */
function many(
  { prober, judge }: Pick<ReturnType<typeof rig>, "prober" | "judge">,
  count: number,
): { readonly all: Service; readonly hosts: readonly string[] } {
  const hosts = Array.from({ length: count }, (_, index) => `10.0.1.${index + 1}:80`);
  const all = service("/all", 1, { replicas: hosts.map((host) => replica(host)) });
  for (const host of hosts) prober.find(host, "up");
  judge([all], 0);
  return { all, hosts };
}

const times = (count: number, state: string): string[] => Array<string>(count).fill(state);

test("what is remembered of a replica can be kept for another start, which forgets it in its time", () => {
  const unprobed = { check: { health: { value: "marathon", from: "label" } } } as const;
  const forgotten = { health: "unknown", reason: "no check result" } as const;
  const [known, unknown] = [replica("10.0.0.8:80"), replica("10.0.0.9:80", forgotten)];
  const before = service("/a", 1, {
    replicas: [known, { ...known, ...forgotten, task: "new" }],
    ...unprobed,
  });
  const now = service("/a", 1, {
    replicas: [
      { ...known, ...forgotten },
      { ...unknown, task: "new" },
    ],
    ...unprobed,
  });
  const first = rig();
  first.judge([before], 0);
  first.judge([now], 1000);
  const [kept] = first.judgements.remembering([now], { wall: 500_000, steady: 2000 });
  assert.ok(kept);
  assert.deepEqual(
    kept.replicas.map(({ lastKnown }) => lastKnown),
    [{ health: "up", at: 499_000 }, undefined],
  );
  assert.equal(first.judgements.remembering([before], { wall: 0, steady: 0 })[0], before);
  const wall = 499_000 + memoryMs;
  const second = rig();
  second.checks.follow([kept]);
  second.judgements.judge([kept], { wall, steady: 10 });
  assert.deepEqual(second.states(kept), ["up", "unknown"]);
  assert.equal(second.judgements.of(kept)?.[0]?.reason, "no check result; last known up");
  second.checks.follow([now]);
  second.judgements.judge([now], { wall: wall + 1, steady: 11 });
  assert.deepEqual(second.states(now), ["unknown", "unknown"]);
});

test("a wave of failures is held back, and believed after its time though nothing else happens", () => {
  const { prober, judgements, judge, states } = rig();
  const { all, hosts } = many({ prober, judge }, 5);
  for (const host of hosts) prober.find(host, "down", "L4TOUT");
  judge([all], 1000);
  assert.deepEqual(states(all), times(5, "up"));
  assert.ok(judgements.doubtful);
  judge([all], 31_001);
  assert.deepEqual(states(all), times(5, "down"));
  assert.equal(judgements.doubtful, false);
});

test("a wave of replicas that say no themselves is believed at once", () => {
  const { prober, judgements, judge, states } = rig();
  const { all, hosts } = many({ prober, judge }, 6);
  for (const host of hosts.slice(2)) prober.find(host, "down", "L7STS/503");
  judge([all], 1000);
  assert.deepEqual(states(all), [...times(2, "up"), ...times(4, "down")]);
  assert.equal(judgements.doubtful, false);
});

test("replicas that are held back leave when they say no after all", () => {
  const { prober, judge, states } = rig();
  const { all, hosts } = many({ prober, judge }, 6);
  for (const host of hosts) prober.find(host, "down", "L4TOUT");
  judge([all], 1000);
  for (const host of hosts.slice(2)) prober.find(host, "down", "L4CON: refused");
  judge([all], 2000);
  assert.deepEqual(states(all), times(6, "down"));
});

function calledDown(one: Service, count: number): Service {
  const replicas = one.replicas.map((each, index) =>
    index < count ? { ...each, health: "down" as const, reason: "a check fails" } : each,
  );
  return { ...one, replicas };
}

test("a source that calls most replicas down is doubted where our probes find them well, until it has lasted", () => {
  const { prober, judgements, judge, states } = rig();
  const { all } = many({ prober, judge }, 6);
  const said = calledDown(all, 6);
  judge([said], 1000);
  assert.deepEqual(states(said), times(6, "up"));
  assert.equal(
    judgements.of(said)?.[0]?.reason,
    "held up: test calls most down at once; a check fails",
  );
  assert.ok(judgements.doubts("test"));
  assert.deepEqual(
    judgements.problems.map(({ kind, subject, reason }) => `${kind} ${subject}: ${reason}`),
    [
      "held-back test: test calls 6 of 6 replicas down at once that our probes find well: held back for 30s",
    ],
  );
  judge([said], 31_001);
  assert.deepEqual(states(said), times(6, "down"));
  assert.equal(judgements.doubts("test"), false);
});

test("a source that calls few down, or some that fail their probes too, is believed at once", () => {
  const { prober, judge, states } = rig();
  const { all, hosts } = many({ prober, judge }, 6);
  const few = calledDown(all, 3);
  judge([few], 1000);
  assert.deepEqual(states(few), [...times(3, "down"), ...times(3, "up")]);
  judge([all], 40_000);
  for (const host of hosts) prober.find(host, "down", "L4TOUT");
  const most = calledDown(all, 6);
  judge([most], 41_000);
  assert.deepEqual(states(most), times(6, "down"));
});
