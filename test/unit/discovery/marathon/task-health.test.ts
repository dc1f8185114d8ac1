import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { isEnded, taskVerdict } from "../../../../src/discovery/marathon/task-health.ts";
import { parseTasks, type WireTask } from "../../../../src/discovery/marathon/wire.ts";

const startedAt = "2020-01-01T00:00:00.000Z";

function taskOf(fields: object): WireTask {
  const [listed] = parseTasks({ tasks: [{ id: "t", appId: "/a", ...fields }] })?.tasks ?? [];
  assert.ok(listed);
  return listed.task;
}

const alive = { alive: true };
const dead = { alive: false };
const ignored = { alive: false, consecutiveFailures: 0 };
const never = { firstSuccess: null, lastSuccess: null, lastFailure: null, lastFailureCause: null };
const state = "TASK_RUNNING";
const rows: readonly {
  readonly name: string;
  readonly task: object;
  readonly declared?: number;
  readonly want: string;
}[] = [
  { name: "running, no checks", task: { state }, want: "up: running, no checks declared" },
  {
    name: "running, no checks, empty results",
    task: { state, healthCheckResults: [] },
    want: "up: running, no checks declared",
  },
  {
    name: "running, check passes",
    task: { state, healthCheckResults: [alive] },
    declared: 1,
    want: "up: its check passes",
  },
  {
    name: "all of several pass",
    task: { state, healthCheckResults: [alive, alive] },
    declared: 2,
    want: "up: all 2 checks pass",
  },
  {
    name: "one of several fails",
    task: { state, healthCheckResults: [alive, dead] },
    declared: 2,
    want: "down: a check fails",
  },
  {
    name: "one fails, others silent",
    task: { state, healthCheckResults: [dead] },
    declared: 3,
    want: "down: a check fails",
  },
  {
    name: "a failure within the grace period is no verdict",
    task: { state, healthCheckResults: [ignored] },
    declared: 1,
    want: "unknown: 0 of 1 checks have reported",
  },
  {
    name: "nor is it with its times spelled out, beside a check that passes",
    task: { state, healthCheckResults: [alive, { ...ignored, ...never }] },
    declared: 2,
    want: "unknown: 1 of 2 checks have reported",
  },
  {
    name: "a failure after a success is one",
    task: {
      state,
      healthCheckResults: [
        { ...ignored, ...never, firstSuccess: startedAt, lastSuccess: startedAt },
      ],
    },
    declared: 1,
    want: "down: a check fails",
  },
  {
    name: "so is one that was counted",
    task: { state, healthCheckResults: [{ ...ignored, ...never, consecutiveFailures: 1 }] },
    declared: 1,
    want: "down: a check fails",
  },
  {
    name: "fewer results than checks",
    task: { state, healthCheckResults: [alive] },
    declared: 2,
    want: "unknown: 1 of 2 checks have reported",
  },
  {
    name: "no results yet",
    task: { state },
    declared: 1,
    want: "unknown: 0 of 1 checks have reported",
  },
  {
    name: "null results",
    task: { state, healthCheckResults: null },
    declared: 1,
    want: "unknown: 0 of 1 checks have reported",
  },
  {
    name: "a null entry",
    task: { state, healthCheckResults: [null] },
    declared: 1,
    want: "unknown: 0 of 1 checks have reported",
  },
  {
    name: "an entry of text",
    task: { state, healthCheckResults: [{ alive: "false" }] },
    declared: 1,
    want: "unknown: 0 of 1 checks have reported",
  },
  {
    name: "staging",
    task: { state: "TASK_STAGING", startedAt },
    want: "unknown: task is staging",
  },
  {
    name: "staging though its check passes",
    task: { state: "TASK_STAGING", healthCheckResults: [alive] },
    declared: 1,
    want: "unknown: task is staging",
  },
  { name: "starting", task: { state: "TASK_STARTING" }, want: "unknown: task is starting" },
  {
    name: "unreachable",
    task: { state: "TASK_UNREACHABLE", healthCheckResults: [alive] },
    declared: 1,
    want: "unknown: task is unreachable",
  },
  { name: "lost", task: { state: "TASK_LOST" }, want: "unknown: task is lost" },
  {
    name: "a state nobody knows",
    task: { state: "TASK_\u001BODD" },
    want: "unknown: task state is TASK_\uFFFDODD",
  },
  {
    name: "killing",
    task: { state: "TASK_KILLING" },
    want: "up: running, no checks declared, draining",
  },
  {
    name: "killing, check fails",
    task: { state: "TASK_KILLING", healthCheckResults: [dead] },
    declared: 1,
    want: "down: a check fails, draining",
  },
  { name: "no state, started", task: { startedAt }, want: "up: running, no checks declared" },
  {
    name: "no state, not started",
    task: { startedAt: null, stagedAt: startedAt },
    want: "unknown: task is staging",
  },
  {
    name: "no state, nothing but a check that passes",
    task: { healthCheckResults: [alive] },
    want: "up: its check passes",
  },
  {
    name: "no state, nothing but a check that fails",
    task: { healthCheckResults: [dead] },
    want: "unknown: task is staging",
  },
];

suite("Marathon's verdict on a task", () => {
  for (const { name, task, declared = 0, want } of rows) {
    test(name, () => {
      const verdict = taskVerdict(taskOf(task), declared);
      assert.ok(verdict);
      assert.equal(
        `${verdict.health}: ${verdict.reason}${verdict.draining ? ", draining" : ""}`,
        want,
      );
    });
  }

  for (const ended of [
    "KILLED",
    "FINISHED",
    "FAILED",
    "ERROR",
    "GONE",
    "GONE_BY_OPERATOR",
    "DROPPED",
  ]) {
    test(`a task that is ${ended} has none`, () => {
      assert.equal(taskVerdict(taskOf({ state: `TASK_${ended}`, startedAt }), 0), undefined);
    });
  }

  test("what may come back has not ended", () => {
    for (const listed of [
      "TASK_LOST",
      "TASK_UNREACHABLE",
      "TASK_UNKNOWN",
      "TASK_KILLING",
      undefined,
    ]) {
      assert.ok(!isEnded(listed), String(listed));
    }
  });
});

test("only what does not run yet is starting: nobody is to be asked at its address", () => {
  const told: readonly (readonly [fields: object, isStarting: true | undefined])[] = [
    [{ state: "TASK_STAGING" }, true],
    [{ state: "TASK_STARTING" }, true],
    [{}, true],
    [{ startedAt }, undefined],
    [{ state: "TASK_RUNNING" }, undefined],
    [{ state: "TASK_UNREACHABLE" }, undefined],
    [{ state: "TASK_KILLING" }, undefined],
  ];
  for (const [fields, isStarting] of told) {
    assert.equal(taskVerdict(taskOf(fields), 1)?.isStarting, isStarting, JSON.stringify(fields));
  }
});
