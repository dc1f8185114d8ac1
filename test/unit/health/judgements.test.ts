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
  return { prober, judgements, judge, states };
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

test("a wave of failures is held back, and believed after its time though nothing else happens", () => {
  const { prober, judgements, judge, states } = rig();
  const hosts = [1, 2, 3, 4, 5].map((host) => `10.0.1.${host}:80`);
  const all = service("/all", 1, { replicas: hosts.map((host) => replica(host)) });
  for (const host of hosts) prober.find(host, "up");
  judge([all], 0);
  for (const host of hosts) prober.find(host, "down");
  judge([all], 1000);
  assert.deepEqual(states(all), ["up", "up", "up", "up", "up"]);
  assert.ok(judgements.doubtful);
  judge([all], 31_001);
  assert.deepEqual(states(all), ["down", "down", "down", "down", "down"]);
  assert.equal(judgements.doubtful, false);
});
