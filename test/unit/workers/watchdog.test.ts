import assert from "node:assert/strict";
import { test } from "node:test";
import { Watchdog } from "../../../src/workers/watchdog.ts";

/** Two workers, of which the first always beats. */
function rig() {
  let waitedMs = 0;
  const watchdog = new Watchdog(2, (worker) => (worker === 1 ? waitedMs : 0));
  const beats = new Int32Array(watchdog.cells);
  for (const worker of [0, 1]) watchdog.began(worker, 0);
  /** Looks every second up to `until`; what is said of the second worker, as `seconds` or `seconds!`. */
  const look = (from: number, until: number): string[] => {
    const said: string[] = [];
    for (let second = from; second <= until; second += 1) {
      Atomics.add(beats, 0, 1);
      for (const { worker, isTooLong } of watchdog.look(second * 1000)) {
        said.push(`${worker} at ${second}${isTooLong ? "!" : ""}`);
      }
    }
    return said;
  };
  const wait = (ms: number): void => {
    waitedMs += ms;
  };
  return { watchdog, beats, look, wait };
}

test("a worker that stands still is told of once, and again when it is too long", () => {
  const { look } = rig();
  assert.deepEqual(look(1, 11), ["1 at 3", "1 at 11!"]);
});

test("one that goes on in time is well again", () => {
  const { beats, look } = rig();
  look(1, 8);
  Atomics.add(beats, 1, 1);
  assert.deepEqual(look(9, 10), []);
  assert.deepEqual(look(11, 11), ["1 at 11"]);
});

test("who stood still itself says nothing of others", () => {
  const { look } = rig();
  look(1, 1);
  assert.deepEqual(look(60, 61), []);
});

test("one that has ended is not looked at, and its successor from its own begin", () => {
  const { watchdog, look } = rig();
  look(1, 9);
  watchdog.ended(1);
  assert.deepEqual(look(10, 20), []);
  watchdog.began(1, 20_000);
  assert.deepEqual(look(21, 22), ["1 at 22"]);
});

test("one that is ready and gets no processor does not stand still", () => {
  const { look, wait } = rig();
  wait(50_000);
  const said: string[] = [];
  for (let second = 1; second <= 60; second += 1) {
    said.push(...look(second, second));
    wait(900);
  }
  assert.deepEqual(
    said,
    ["1 at 12"],
    "told of after two seconds of its own, and not ended after six",
  );
  assert.deepEqual(look(61, 65), ["1 at 65!"]);
});
