import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReplicaReport } from "../../../src/engine/route.ts";
import { Ejections } from "../../../src/workers/ejections.ts";

const [key, replica] = ["tcp/80", "10.0.0.1:80"];

function rig(workers = 1) {
  const time = { now: 1000 };
  const ejections = new Ejections(() => time.now, workers);
  const said = (): readonly (string | number)[] => {
    const word = ejections.wordOf(key, replica);
    return word === undefined ? [] : [word.says, word.reason, word.at];
  };
  const isOut = (): boolean => ejections.of(key, replica) !== undefined;
  const chances = (): readonly number[] => Array.from(ejections.all(), ({ since }) => since);
  const hear = (report: ReplicaReport, worker = 0): void => ejections.note(worker, report);
  return { time, ejections, said, isOut, chances, hear };
}

const suspect = (inARow: number): ReplicaReport => ({
  kind: "suspect",
  key,
  replica,
  failure: "refused",
  inARow,
});
const ejected: ReplicaReport = {
  kind: "ejected",
  key,
  replica,
  reason: "connections failed",
  forMs: 30_000,
};
const well: ReplicaReport = { kind: "well", key, replica };

test("failures are told with the time of the last one until a connection finds the replica well", () => {
  const { time, said, isOut, hear } = rig();
  assert.deepEqual(said(), []);
  hear(suspect(1));
  time.now = 1500;
  hear(suspect(4));
  const reason = "at least 4 connections in a row failed, the last one by refused";
  assert.deepEqual(said(), ["failing", reason, 1500]);
  assert.equal(isOut(), false);
  hear(well);
  assert.deepEqual(said(), []);
  hear(suspect(0));
  assert.deepEqual(said(), ["failing", "it reset a connection that had begun", 1500]);
});

test("an ejection whose time is over, or that was forgiven, is on trial until it is readmitted", () => {
  const { time, ejections, said, isOut, chances, hear } = rig();
  hear(ejected);
  assert.deepEqual(said(), ["ejected", "ejected for 30 s: connections failed", 1000]);
  assert.deepEqual([isOut(), chances()], [true, [1000]]);
  time.now = 31_001;
  const reason =
    "one connection in ten seconds, until one succeeds; was ejected for 30 s: connections failed";
  assert.deepEqual(said(), ["on trial", reason, 31_000]);
  assert.deepEqual([isOut(), chances()], [false, []]);
  hear(ejected);
  assert.deepEqual([isOut(), chances()], [true, [31_001]], "judged by what was found since");
  time.now = 32_000;
  ejections.forgive(key, replica);
  assert.deepEqual([said()[0], isOut(), chances()], ["on trial", false, []]);
  hear({ kind: "readmitted", key, replica });
  assert.deepEqual(said(), []);
});

test("a replica is out when every worker has ejected it; one that some still pick is told apart", () => {
  const { ejections, said, isOut, chances, hear } = rig(2);
  hear(ejected, 1);
  assert.equal(isOut(), false);
  assert.deepEqual(chances(), [1000]);
  assert.deepEqual(said().slice(0, 2), [
    "ejected",
    "in 1 of 2 workers ejected for 30 s: connections failed",
  ]);
  hear(ejected, 0);
  assert.equal(isOut(), true);
  assert.equal(said()[1], "ejected for 30 s: connections failed");
  ejections.forget(0);
  ejections.forget(1);
  assert.deepEqual(said(), []);
  hear(suspect(1));
  ejections.keepOnly([]);
  assert.deepEqual(said(), []);
});
