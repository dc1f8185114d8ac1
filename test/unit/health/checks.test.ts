import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultCheckPolicy } from "../../../src/model/check.ts";
import type { CheckWish } from "../../../src/model/service.ts";
import { handChecks, HandProber } from "../../support/checks.ts";
import { replica, service } from "../../support/services.ts";

const one = replica("10.0.0.1:80");
const http: CheckWish = { kind: { value: "http", from: "label proto" } };

function probed(prober: HandProber): string[] {
  return [...prober.targets.values()]
    .map(({ address, check }) => `${check.kind} ${address.host}:${address.port}`)
    .toSorted();
}

test("forty services that ask one replica the same share one probe; a different question is another one (HC08)", () => {
  const prober = new HandProber();
  const checks = handChecks(prober);
  const same = Array.from({ length: 40 }, (_, index) =>
    service(`/app${index}`, 1000 + index, { replicas: [{ ...one }] }),
  );
  const other = service("/other", 2000, { replicas: [{ ...one }], check: http });
  checks.follow([...same, other]);
  assert.deepEqual(probed(prober), ["http 10.0.0.1:80", "tcp 10.0.0.1:80"]);
  prober.find("10.0.0.1:80", "up");
  for (const { replicas } of same) {
    assert.ok(replicas[0]);
    assert.equal(checks.of(replicas[0])?.state, "up");
  }
});

test("how often a question is asked, whose word counts and what does not concern it make no other question", () => {
  const prober = new HandProber();
  const checks = handChecks(prober);
  const wishing = (check: CheckWish, index: number): ReturnType<typeof service> =>
    service(`/app${index}`, 1000 + index, { replicas: [{ ...one }], check });
  const said = <T>(value: T): { value: T; from: string } => ({ value, from: "label" });
  const impatient = { intervalMs: said(500), timeoutMs: said(300), fall: said(1), rise: said(1) };
  const services = [
    {},
    { health: said("local" as const) },
    { path: said("/elsewhere"), host: said("web"), expect: said("hello") },
    impatient,
  ].map((wish, index) => wishing(wish, index));
  checks.follow(services);
  assert.deepEqual(probed(prober), ["tcp 10.0.0.1:80"]);
  const shared = (): number[] =>
    [...prober.targets.values()].flatMap(({ check }) => [
      check.intervalMs,
      check.timeoutMs,
      check.fall,
      check.rise,
    ]);
  assert.deepEqual(shared(), [500, 2000, 3, 2], "as often as one wants, as patient as another");
  checks.follow(services.slice(0, 3));
  assert.deepEqual(shared(), [2000, 2000, 3, 2]);
  checks.follow(services.slice(3));
  assert.deepEqual(shared(), [500, 300, 1, 1]);
});

test("what is known of a replica outlives other settings of how it is asked", () => {
  const prober = new HandProber();
  const checks = handChecks(prober);
  const web = service("/web", 1, { replicas: [one] });
  checks.follow([web]);
  const keys = [...prober.targets.keys()];
  checks.defaults = { ...defaultCheckPolicy, timeoutMs: 1000, fall: 5, health: "local" };
  checks.follow([web]);
  assert.deepEqual([...prober.targets.keys()], keys);
  assert.deepEqual(
    [...prober.targets.values()].map(({ check }) => [check.timeoutMs, check.fall]),
    [[1000, 5]],
  );
});

test("what leaves, starts, drains, is forbidden or left to its source is not probed", () => {
  const prober = new HandProber();
  const checks = handChecks(prober, { mayProbe: ({ host }) => host !== "169.254.169.254" });
  const left: CheckWish = { health: { value: "marathon", from: "label" } };
  checks.follow([
    service("/a", 1, {
      replicas: [
        one,
        replica("10.0.0.2:80", { draining: true }),
        replica("10.0.0.3:80", { isStarting: true }),
        replica("169.254.169.254:80"),
      ],
    }),
    service("/b", 2, { replicas: [replica("10.0.0.4:80")], check: left }),
  ]);
  assert.deepEqual(probed(prober), ["tcp 10.0.0.1:80"]);
  assert.equal(checks.of(one)?.state, "unchecked");
  checks.follow([]);
  assert.deepEqual(probed(prober), []);
  assert.equal(checks.of(one), undefined);
});

test("a UDP service is probed only when a label says what to ask", () => {
  const prober = new HandProber();
  const checks = handChecks(prober);
  const udp = { protocol: "udp", mode: "udp", replicas: [one] } as const;
  const mute = service("/mute", 53, udp);
  checks.follow([mute]);
  assert.deepEqual(probed(prober), []);
  assert.equal(checks.planOf(mute).check.health, "marathon");
  assert.equal(checks.planOf(mute).from.health, "protocol udp");
  const asked: CheckWish = { kind: { value: "udp", from: "label portolan.0.check" } };
  checks.follow([service("/dns", 53, { ...udp, check: asked })]);
  assert.deepEqual(probed(prober), ["udp 10.0.0.1:80"]);
});

test("another port is asked where the check says so, and the verdict is that of the replica", () => {
  const prober = new HandProber();
  const checks = handChecks(prober);
  const odd = replica("10.0.0.1:80", { checkPort: 8080 });
  checks.follow([service("/a", 1, { replicas: [odd] })]);
  assert.deepEqual(probed(prober), ["tcp 10.0.0.1:8080"]);
  prober.find("10.0.0.1:8080", "down");
  assert.equal(checks.of(odd)?.state, "down");
  assert.equal(checks.ofAddress("tcp/1", "10.0.0.1:80")?.state, "down");
});

test("trouble on a route leads to the probe of that replica, and to none for strangers", () => {
  const prober = new HandProber();
  const checks = handChecks(prober);
  checks.follow([service("/a", 1, { replicas: [one] })]);
  checks.suspect("tcp/1", "10.0.0.1:80");
  checks.suspect("tcp/2", "10.0.0.1:80");
  checks.suspect("tcp/1", "10.0.0.9:80");
  assert.deepEqual(prober.suspected, [...prober.targets.keys()]);
});

test("an app's secret and its PROXY header are sent to its own replicas only, and are in no name", () => {
  const prober = new HandProber();
  const credentials = { password: "hush" };
  const checks = handChecks(prober, {
    credentialsOf: (app) => (app === "/mine" ? credentials : undefined),
  });
  checks.follow([
    service("/mine", 1, { replicas: [one], policy: { sendProxy: 2 } }),
    service("/yours", 2, { replicas: [{ ...one }] }),
  ]);
  const targets = [...prober.targets];
  assert.deepEqual(
    targets.map(([, target]) => [target.credentials, target.preface?.toString()]),
    [
      [credentials, "preface 2"],
      [undefined, undefined],
    ],
  );
  assert.ok(targets.every(([key]) => !key.includes("hush")));
});

test("a plan says who decided each part of it", () => {
  const plan = handChecks().planOf(service("/a", 1, { check: http }));
  assert.deepEqual([plan.check.kind, plan.check.intervalMs], ["http", 2000]);
  assert.deepEqual(plan.from, { kind: "label proto" });
});

test("a probe lives for as long as somebody asks it, and the same is watched meanwhile", () => {
  const prober = new HandProber();
  const checks = handChecks(prober);
  const [first, second] = [
    service("/a", 1, { replicas: [{ ...one }] }),
    service("/b", 2, { replicas: [{ ...one }] }),
  ];
  checks.follow([first, second]);
  const watched = checks.watchedOf(first);
  checks.follow([first]);
  assert.deepEqual(probed(prober), ["tcp 10.0.0.1:80"]);
  assert.equal(checks.watchedOf(first), watched);
  assert.deepEqual(checks.watchedOf(second), []);
  assert.equal(checks.ofAddress("tcp/2", "10.0.0.1:80"), undefined);
  checks.follow([second]);
  assert.deepEqual(probed(prober), ["tcp 10.0.0.1:80"]);
  assert.equal(checks.ofAddress("tcp/2", "10.0.0.1:80")?.state, "unchecked");
  checks.follow([]);
  assert.deepEqual(probed(prober), []);
});

test("two apps that claim one route are both watched there, and either may go", () => {
  const prober = new HandProber();
  const checks = handChecks(prober);
  const other = replica("10.0.0.2:80");
  const [first, second] = [
    service("/a", 1, { replicas: [{ ...one }] }),
    service("/b", 1, { replicas: [{ ...one }, other] }),
  ];
  checks.follow([first, second]);
  checks.suspect("tcp/1", "10.0.0.2:80");
  checks.follow([first]);
  checks.suspect("tcp/1", "10.0.0.1:80");
  checks.suspect("tcp/1", "10.0.0.2:80");
  assert.deepEqual(
    prober.suspected.map((key) => key.split(" ")[0]),
    ["10.0.0.2:80", "10.0.0.1:80"],
  );
});
