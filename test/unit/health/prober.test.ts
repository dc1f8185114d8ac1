import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Prober, type ProberOptions } from "../../../src/health/prober.ts";
import type { ProbeResult, ProbeTarget } from "../../../src/health/probes/probe.ts";
import { defaultCheckPolicy, type CheckPolicy } from "../../../src/model/check.ts";
import { eventually } from "../../support/eventually.ts";

const good: ProbeResult = { kind: "good", reason: "L4OK" };
const bad: ProbeResult = { kind: "bad", reason: "L4CON", decisive: false, silent: false };

interface Asked {
  readonly port: number;
  readonly at: number;
  readonly signal: AbortSignal;
  answer(result: ProbeResult): void;
}

/** A prober whose probes wait for the test to answer them, unless told to answer by themselves. */
function rig(over: Partial<ProberOptions> = {}): {
  readonly prober: Prober;
  readonly asked: Asked[];
  readonly changed: string[];
  readonly answers: Map<number, ProbeResult>;
  readonly mostUnderWay: () => number;
} {
  const asked: Asked[] = [];
  const changed: string[] = [];
  const answers = new Map<number, ProbeResult>();
  let underWay = 0;
  let most = 0;
  const prober = new Prober({
    random: () => 1,
    mostAtOnce: 256,
    changed: (key) => changed.push(key),
    probe: ({ address: { port } }, signal) => {
      underWay += 1;
      most = Math.max(most, underWay);
      const { promise, resolve } = Promise.withResolvers<ProbeResult>();
      const answer = (result: ProbeResult): void => {
        underWay -= 1;
        resolve(result);
      };
      signal.addEventListener("abort", () => answer({ kind: "void", reason: "aborted" }));
      asked.push({ port, at: performance.now(), signal, answer });
      const ready = answers.get(port);
      if (ready !== undefined) answer(ready);
      return promise;
    },
    ...over,
  });
  return { prober, asked, changed, answers, mostUnderWay: () => most };
}

function targets(
  ports: readonly number[],
  over: Partial<CheckPolicy> = {},
): Map<string, ProbeTarget> {
  const check = { ...defaultCheckPolicy, intervalMs: 40, fastIntervalMs: 20, ...over };
  return new Map(
    ports.map((port) => [
      `replica ${port}`,
      { address: { host: "127.0.0.1", port }, check, credentials: undefined, preface: undefined },
    ]),
  );
}

suite("prober", () => {
  test("asks a new target at once, and tells when its verdict changes (HC14)", async () => {
    const { prober, answers, changed } = rig();
    await using _ = prober;
    answers.set(1, good);
    prober.want(targets([1]));
    await eventually(() => prober.watched("replica 1")?.checked.state === "up");
    assert.deepEqual(changed, ["replica 1"]);
    answers.set(1, bad);
    await eventually(() => prober.watched("replica 1")?.checked.state === "down");
    assert.deepEqual(changed, ["replica 1", "replica 1"]);
    const [figures] = prober.figures();
    const [found] = prober.figuresByService();
    assert.ok(found && found.kind === "tcp" && found.good >= 1 && found.bad >= 3);
    const counted = figures?.durations.reduce((sum, count) => sum + count, 0);
    assert.equal(counted, found.good + found.bad);
  });

  test("never asks a target twice at once, and nobody waits for one that is slow", async () => {
    const { prober, asked, answers } = rig();
    await using _ = prober;
    answers.set(2, good);
    prober.want(targets([1, 2]));
    await eventually(() => asked.filter(({ port }) => port === 2).length > 5);
    assert.equal(asked.filter(({ port }) => port === 1).length, 1);
    prober.suspect("replica 1");
    assert.equal(asked.filter(({ port }) => port === 1).length, 1);
  });

  test("has no more probes under way than it may, and all of them get their turn (HC07)", async () => {
    const { prober, asked, mostUnderWay } = rig({ mostAtOnce: 3, random: () => 0 });
    await using _ = prober;
    const ports = Array.from({ length: 10 }, (_unused, index) => index + 1);
    prober.want(targets(ports, { intervalMs: 60_000 }));
    for (let turn = 0; turn < 10; turn += 1) {
      const next = await eventually(() => asked[turn]);
      next.answer(good);
    }
    assert.equal(mostUnderWay(), 3);
    assert.deepEqual(
      asked.map(({ port }) => port).toSorted((a, b) => a - b),
      ports,
    );
  });

  test("lets go at once of a target that leaves, and keeps what it knows of those that stay", async () => {
    const { prober, asked, answers, changed } = rig();
    await using _ = prober;
    answers.set(2, good);
    prober.want(targets([1, 2]));
    await eventually(() => prober.watched("replica 2")?.checked.state === "up");
    prober.want(targets([2, 3]), new Set(["replica 1"]));
    assert.equal(asked.find(({ port }) => port === 1)?.signal.aborted, true);
    assert.equal(prober.watched("replica 1"), undefined);
    assert.equal(prober.watched("replica 2")?.checked.state, "up");
    assert.equal(prober.watched("replica 3")?.checked.state, "unchecked");
    await eventually(() => asked.filter(({ port }) => port === 2).length > 3);
    assert.equal(asked.filter(({ port }) => port === 1).length, 1);
    assert.deepEqual(changed, ["replica 2"]);
  });

  test("asks with a secret that was renewed from then on", async () => {
    const secrets: unknown[] = [];
    const { prober, asked } = rig({
      probe: async ({ credentials }) => {
        secrets.push(credentials?.password);
        return good;
      },
    });
    await using _ = prober;
    const withSecret = (password: string): Map<string, ProbeTarget> =>
      new Map([...targets([1])].map(([key, one]) => [key, { ...one, credentials: { password } }]));
    prober.want(withSecret("old"));
    await eventually(() => secrets.includes("old"));
    prober.want(withSecret("new"));
    await eventually(() => secrets.includes("new"));
    assert.equal(asked.length, 0);
  });
});

suite("prober, out of turn", () => {
  test("asks at once where a connection had trouble, but not without end", async () => {
    const { prober, asked, answers } = rig();
    await using _ = prober;
    answers.set(1, good);
    prober.want(targets([1], { intervalMs: 600_000 }));
    await eventually(() => prober.watched("replica 1")?.checked.state === "up");
    prober.suspect("replica 1");
    await eventually(() => asked.length === 2);
    for (let times = 0; times < 1000; times += 1) prober.suspect("replica 1");
    await eventually(() => asked.length === 3);
    const [, second, third] = asked;
    assert.ok(second && third && third.at - second.at >= 99);
  });

  test("asks again where a connection had trouble while a probe was under way", async () => {
    const { prober, asked } = rig();
    await using _ = prober;
    prober.want(targets([1], { intervalMs: 600_000 }));
    const first = await eventually(() => asked[0]);
    prober.suspect("replica 1");
    first.answer(good);
    const second = await eventually(() => asked[1]);
    second.answer(good);
    await eventually(() => prober.nextIn("replica 1") > 400_000);
    assert.equal(asked.length, 2);
  });

  test("asks roles of Redis fast at all times, and others only while they change", async () => {
    const { prober, asked, answers } = rig();
    await using _ = prober;
    for (const port of [1, 2]) answers.set(port, good);
    const slow = { intervalMs: 600_000, fastIntervalMs: 10 };
    prober.want(
      new Map([...targets([1], { ...slow, kind: "redis-master" }), ...targets([2], slow)]),
    );
    await eventually(() => asked.filter(({ port }) => port === 1).length > 5);
    assert.equal(asked.filter(({ port }) => port === 2).length, 1);
    answers.set(2, bad);
    prober.suspect("replica 2");
    await eventually(() => prober.watched("replica 2")?.checked.state === "down");
  });

  test("believes no failure that may be due to our own standing still (HC10)", async () => {
    const { prober, asked } = rig();
    await using _ = prober;
    prober.want(targets([1], { intervalMs: 600_000, fastIntervalMs: 5 }));
    const first = await eventually(() => asked[0]);
    const until = performance.now() + 700;
    while (performance.now() < until);
    first.answer(bad);
    const second = await eventually(() => asked[1]);
    assert.equal(prober.watched("replica 1")?.checked.state, "unchecked");
    const [figures] = prober.figuresByService();
    assert.deepEqual([figures?.good, figures?.bad, figures?.void], [0, 0, 1]);
    second.answer(bad);
    await eventually(() => prober.watched("replica 1")?.checked.state === "down");
  });
});

suite("prober, at large", () => {
  test("counts for a service for as long as it has targets, whoever comes and goes beside it", async () => {
    const { prober, answers } = rig();
    await using _ = prober;
    for (const port of [1, 2]) answers.set(port, good);
    const of = (port: number, service: string): Map<string, ProbeTarget> =>
      new Map([...targets([port])].map(([key, target]) => [key, { ...target, service }]));
    const counted = (): string[] => prober.figuresByService().map(({ service }) => service);
    prober.want(of(1, "one"));
    await eventually(() => counted().includes("one"));
    prober.want(of(2, "other"));
    await eventually(() => counted().includes("other"));
    assert.deepEqual(counted(), ["one", "other"]);
    prober.want(new Map(), new Set(["replica 1"]));
    assert.deepEqual(counted(), ["other"]);
  });

  test("spreads many new targets over their interval (HC07)", async () => {
    let drawn = 0;
    const { prober, asked, answers } = rig({ random: () => (drawn += 1) / 1000 });
    await using _ = prober;
    const ports = Array.from({ length: 1000 }, (_unused, index) => index + 1);
    for (const port of ports) answers.set(port, good);
    const startedAt = performance.now();
    prober.want(targets(ports, { intervalMs: 1000 }));
    await eventually(() => new Set(asked.map(({ port }) => port)).size === 1000);
    const early = asked.filter(({ at }) => at - startedAt < 500);
    assert.ok(new Set(early.map(({ port }) => port)).size <= 500);
    assert.ok(early.length > 0);
  });

  test("spreads many new targets no longer than two seconds, and roles over their own interval", async () => {
    const { prober, asked } = rig({ random: () => 1, mostAtOnce: 1000 });
    await using _ = prober;
    const many = Array.from({ length: 100 }, (_unused, index) => index + 1);
    const minute = { intervalMs: 60_000, fastIntervalMs: 500 };
    prober.want(
      new Map([
        ...targets(many, minute),
        ...targets([1001, 1002], { ...minute, kind: "redis-master" }),
      ]),
    );
    const dueIn = (port: number): number => prober.nextIn(`replica ${port}`);
    assert.ok(dueIn(1001) <= 500 && dueIn(1002) <= 500);
    assert.ok(many.every((port) => dueIn(port) > 500 && dueIn(port) <= 2000));
    assert.equal(asked.length, 0);
  });

  test("asks sooner when the interval is shortened, and keeps what it knows", async () => {
    const { prober, asked, answers, changed } = rig();
    await using _ = prober;
    answers.set(1, bad);
    prober.want(targets([1], { intervalMs: 600_000 }));
    await eventually(() => prober.watched("replica 1")?.checked.state === "down");
    const known = prober.watched("replica 1")?.checked;
    prober.want(targets([1], { intervalMs: 600_000, timeoutMs: 1 }));
    assert.ok(prober.nextIn("replica 1") > 400_000);
    prober.want(targets([1], { intervalMs: 20 }));
    assert.equal(prober.watched("replica 1")?.checked, known);
    await eventually(() => asked.length > 3);
    assert.deepEqual(changed, ["replica 1"]);
  });

  test("says when the next probe is due", async () => {
    const { prober, answers } = rig();
    await using _ = prober;
    answers.set(1, good);
    prober.want(targets([1], { intervalMs: 600_000 }));
    await eventually(() => prober.watched("replica 1")?.checked.state === "up");
    const next = prober.nextIn("replica 1");
    assert.ok(next > 400_000 && next <= 570_000, String(next));
    assert.equal(prober.nextIn("nobody"), 0);
  });

  test("ends what is under way when it is disposed, and asks nothing more", async () => {
    const { prober, asked } = rig();
    prober.want(targets([1, 2]));
    await eventually(() => asked.length === 2);
    await prober[Symbol.asyncDispose]();
    assert.ok(asked.every(({ signal }) => signal.aborted));
    prober.want(targets([3]));
    assert.equal(asked.length, 2);
  });
});
