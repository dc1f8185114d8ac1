import assert from "node:assert/strict";
import { test } from "node:test";
import type { Service } from "../../../src/model/service.ts";
import { guardLoss, type Doubt } from "../../../src/routing/guard.ts";
import { replica, service } from "../../support/services.ts";

const nothingGone: ReadonlySet<string> = new Set();
const ten: readonly Service[] = Array.from({ length: 10 }, (_, index) =>
  service(`/app-${index}`, 1000 + index, { replicas: [replica(`10.0.0.${index + 1}:80`)] }),
);

function tasksOf(services: readonly Service[]): string[] {
  return services.flatMap(({ replicas }) => replicas.map(({ task }) => task));
}

test("an empty answer is held until three looks ten seconds apart agree", () => {
  const answer = { services: [], confirmedGone: nothingGone };
  let doubt: Doubt | undefined;
  const verdicts: string[] = [];
  for (const now of [0, 5000, 10_000, 15_000, 20_000]) {
    const decision = guardLoss(answer, { served: ten, doubt, now });
    verdicts.push(decision.kind);
    if (decision.kind === "held") {
      doubt = decision.doubt;
      assert.deepEqual(tasksOf(decision.services).toSorted(), tasksOf(ten).toSorted());
    } else {
      assert.deepEqual(decision, { kind: "accepted", services: [], believed: true });
    }
  }
  assert.deepEqual(verdicts, ["held", "held", "held", "held", "accepted"]);
});

test("a loss that events explain passes at once", () => {
  const confirmedGone = new Set([
    ...tasksOf(ten).slice(0, 5),
    "/app-5",
    "/app-6",
    "/app-7",
    "/app-8",
    "/app-9",
  ]);
  const decision = guardLoss(
    { services: [], confirmedGone },
    { served: ten, doubt: undefined, now: 0 },
  );
  assert.equal(decision.kind, "accepted");
});

test("losing half or a few passes", () => {
  const half = { services: ten.slice(5), confirmedGone: nothingGone };
  assert.equal(guardLoss(half, { served: ten, doubt: undefined, now: 0 }).kind, "accepted");
  const few = { services: ten.slice(3, 5), confirmedGone: nothingGone };
  assert.equal(
    guardLoss(few, { served: ten.slice(0, 5), doubt: undefined, now: 0 }).kind,
    "accepted",
  );
});

test("while a loss is held, what is new is served and what events explain goes", () => {
  const added = service("/new", 3000, { replicas: [replica("10.9.9.9:80")] });
  const confirmedGone = new Set(["task-10.0.0.1:80"]);
  const decision = guardLoss(
    { services: [added], confirmedGone },
    { served: ten, doubt: undefined, now: 0 },
  );
  assert.equal(decision.kind, "held");
  const tasks = tasksOf(decision.services);
  assert.ok(tasks.includes("task-10.9.9.9:80"));
  assert.ok(!tasks.includes("task-10.0.0.1:80"));
  assert.equal(tasks.length, 10);
});

test("a held replica is dropped when its address has been given to another task", () => {
  const thief = service("/thief", 3000, { replicas: [replica("10.0.0.4:80", { task: "other" })] });
  const decision = guardLoss(
    { services: [thief], confirmedGone: nothingGone },
    { served: ten, doubt: undefined, now: 0 },
  );
  assert.equal(decision.kind, "held");
  assert.ok(!tasksOf(decision.services).includes("task-10.0.0.4:80"));
});

test("a doubt is forgotten when the answer is whole again", () => {
  const first = guardLoss(
    { services: [], confirmedGone: nothingGone },
    { served: ten, doubt: undefined, now: 0 },
  );
  assert.equal(first.kind, "held");
  const whole = guardLoss(
    { services: ten, confirmedGone: nothingGone },
    {
      served: first.services,
      doubt: { looks: 2, lastLookAt: 0, lost: new Set(tasksOf(ten)) },
      now: 10_000,
    },
  );
  assert.deepEqual(whole, { kind: "accepted", services: ten, believed: false });
});

test("looks that each lose something else never add up", () => {
  let doubt: Doubt | undefined;
  const answers = [ten.slice(6), ten.slice(0, 4), []];
  for (const [round, services] of answers.entries()) {
    const decision = guardLoss(
      { services, confirmedGone: nothingGone },
      { served: ten, doubt, now: round * 10_000 },
    );
    assert.equal(decision.kind, "held", `look ${round}`);
    if (decision.kind === "held") ({ doubt } = decision);
    assert.equal(doubt?.looks, 1);
  }
});
