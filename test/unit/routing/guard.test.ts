import assert from "node:assert/strict";
import { test } from "node:test";
import type { Service } from "../../../src/model/service.ts";
import { guardLoss, type Decision, type Doubts } from "../../../src/routing/guard.ts";
import { replica, service } from "../../support/services.ts";

const nothingGone: ReadonlySet<string> = new Set();
const noDoubts: Doubts = new Map();
const ten: readonly Service[] = Array.from({ length: 10 }, (_, index) =>
  service(`/app-${index}`, 1000 + index, { replicas: [replica(`10.0.0.${index + 1}:80`)] }),
);

function tasksOf(services: readonly Service[]): string[] {
  return services.flatMap(({ replicas }) => replicas.map(({ task }) => task)).toSorted();
}

/** One service of ten replicas, less some of the first. */
function large(without = 0): Service {
  const replicas = Array.from({ length: 10 }, (_, index) => replica(`10.0.0.${index + 1}:80`));
  return service("/large", 1000, { replicas: replicas.slice(without) });
}

function look(
  served: readonly Service[],
  services: readonly Service[],
  over: { doubts?: Doubts; now?: number; confirmedGone?: ReadonlySet<string> } = {},
): Decision {
  const { doubts = noDoubts, now = 0, confirmedGone = nothingGone } = over;
  return guardLoss({ services, confirmedGone }, { served, doubts, now });
}

test("an empty answer is held until three looks ten seconds apart agree", () => {
  let doubts = noDoubts;
  const held: number[] = [];
  for (const now of [0, 5000, 10_000, 15_000, 20_000]) {
    const decision = look(ten, [], { doubts, now });
    ({ doubts } = decision);
    held.push(doubts.size);
    if (doubts.size > 0) assert.deepEqual(tasksOf(decision.services), tasksOf(ten));
    else assert.deepEqual([decision.services, decision.believed], [[], 10]);
  }
  assert.deepEqual(held, [10, 10, 10, 10, 0]);
});

test("a loss that events explain passes at once (M06)", () => {
  const apps = ["/app-5", "/app-6", "/app-7", "/app-8", "/app-9"];
  const confirmedGone = new Set([...tasksOf(ten.slice(0, 5)), ...apps]);
  assert.equal(look(ten, [], { confirmedGone }).doubts.size, 0);
});

test("losing half of a service, or a few of its replicas, passes", () => {
  for (const without of [1, 3, 5]) {
    const decision = look([large()], [large(without)]);
    assert.deepEqual([decision.doubts.size, decision.services], [0, [large(without)]]);
  }
  assert.equal(look([large()], [large(6)]).doubts.size, 6);
});

test("losing all of one service is held, whatever else goes on (M07)", () => {
  const [first, ...others] = ten;
  assert.ok(first);
  const gone = look(ten, others);
  assert.deepEqual([...gone.doubts.keys()], ["task-10.0.0.1:80"]);
  assert.deepEqual(tasksOf(gone.services), tasksOf(ten));
  const empty = look(ten, [{ ...first, replicas: [] }, ...others]);
  assert.deepEqual(tasksOf(empty.services), tasksOf(ten));
});

test("a service whose replicas have all been replaced has lost nothing", () => {
  const [first, ...others] = ten;
  assert.ok(first);
  const replaced = [{ ...first, replicas: [replica("10.0.1.1:80")] }, ...others];
  assert.deepEqual(look(ten, replaced).services, replaced);
});

test("a service that only changed its port has lost nothing", () => {
  const renumbered = ten.map((one) => ({ ...one, port: one.port + 500 }));
  assert.deepEqual(look(ten, renumbered).services, renumbered);
});

test("while a loss is held, what is new is served and what events explain goes", () => {
  const added = service("/new", 3000, { replicas: [replica("10.9.9.9:80")] });
  const confirmedGone = new Set(["task-10.0.0.1:80"]);
  const decision = look(ten, [added], { confirmedGone });
  const tasks = tasksOf(decision.services);
  assert.ok(tasks.includes("task-10.9.9.9:80"));
  assert.ok(!tasks.includes("task-10.0.0.1:80"));
  assert.equal(tasks.length, 10);
});

test("a task whose address another one has by now has ended, and is no loss to doubt", () => {
  const thief = service("/thief", 3000, { replicas: [replica("10.0.0.4:80", { task: "other" })] });
  const { services, doubts } = look(ten, [thief]);
  assert.equal(doubts.size, 9);
  assert.ok(!tasksOf(services).includes("task-10.0.0.4:80"));
});

test("a doubt is forgotten when its task is listed again", () => {
  const first = look(ten, []);
  const whole = look(first.services, ten, { doubts: first.doubts, now: 10_000 });
  assert.deepEqual(whole, { services: ten, doubts: noDoubts, believed: 0, of: 0 });
  const again = look(ten, [], { doubts: whole.doubts, now: 20_000 });
  assert.ok([...again.doubts.values()].every(({ looks }) => looks === 1));
});

test("looks that each lose something else never add up", () => {
  let doubts = noDoubts;
  const answers = [ten.slice(6), ten.slice(0, 4), ten.slice(6)];
  for (const [round, services] of answers.entries()) {
    ({ doubts } = look(ten, services, { doubts, now: round * 10_000 }));
    assert.ok(doubts.size > 0, `look ${round}`);
    assert.ok([...doubts.values()].every(({ looks }) => looks === 1 || services !== ten));
  }
  assert.ok([...doubts.values()].every(({ looks }) => looks < 3));
});

test("behind a new leader no loss is believed before it has settled, however many looks agree", () => {
  let doubts = noDoubts;
  const held: number[] = [];
  for (const now of [0, 10_000, 20_000, 59_999, 60_000]) {
    const answer = { services: [], confirmedGone: nothingGone, settlesAt: 60_000 };
    ({ doubts } = guardLoss(answer, { served: ten, doubts, now }));
    held.push(doubts.size);
  }
  assert.deepEqual(held, [10, 10, 10, 10, 0]);
});
