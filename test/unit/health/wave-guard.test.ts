import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { confirmMs, WaveGuard, type Failing } from "../../../src/health/wave-guard.ts";

/** `+` up, `-` newly or still silent, `!` failing by a clear no, `.` out of use all along. */
function failing(marks: string): Failing[] {
  return [...marks].flatMap((mark, index) =>
    mark === "+" ? [] : [{ id: `replica ${index}`, isDoubtful: mark !== "!", wasUp: mark !== "." }],
  );
}

function inUse(marks: string): number {
  return [...marks].filter((mark) => mark === "+").length;
}

function heldAfter(...looks: readonly (readonly [atMs: number, marks: string])[]): number[] {
  const guard = new WaveGuard();
  return looks.map(([at, marks]) => guard.take(failing(marks), inUse(marks), at)?.held.size ?? 0);
}

suite("a wave of failures", () => {
  test("of half of all, or of fewer than four, is believed at once", () => {
    assert.deepEqual(heldAfter([0, "++++++++"], [1, "----++++"]), [0, 0]);
    assert.deepEqual(heldAfter([0, "+++++"], [1, "---++"]), [0, 0]);
    assert.deepEqual(heldAfter([0, "+++"], [1, "---"]), [0, 0]);
  });

  test("of more than half is held, those that failed just before included", () => {
    assert.deepEqual(heldAfter([0, "++++++"], [1, "--++++"], [2, "----++"]), [0, 0, 4]);
  });

  test("is believed when it has lasted", () => {
    const looks = [0, 10_000, confirmMs - 1, confirmMs, confirmMs + 1].map(
      (at) => [at, "-----+"] as const,
    );
    assert.deepEqual(heldAfter(...looks), [5, 5, 5, 0, 0]);
  });

  test("ends for those that are well again", () => {
    assert.deepEqual(heldAfter([0, "------"], [1000, "-----+"], [2000, "--++++"]), [6, 5, 0]);
  });

  test("once believed, is not held again until its replicas have been well", () => {
    assert.deepEqual(
      heldAfter(
        [0, "------"],
        [confirmMs, "------"],
        [confirmMs + 1000, "------"],
        [confirmMs + 2000, "++++++"],
        [confirmMs + 3000, "------"],
      ),
      [6, 0, 0, 0, 6],
    );
  });

  test("that our own network cannot have made up is no wave", () => {
    assert.deepEqual(heldAfter([0, "!!!!!!"]), [0]);
    assert.deepEqual(heldAfter([0, "!!!---"]), [0]);
    assert.deepEqual(
      heldAfter([0, "!!!!!----"]),
      [0],
      "the network that brought the clear ones works",
    );
    assert.deepEqual(heldAfter([0, "-----+"], [1, "!!---+"], [2, "-----+"]), [5, 0, 0]);
  });

  test("of replicas that were out of use all along is no loss", () => {
    assert.deepEqual(heldAfter([0, "......"]), [0]);
    assert.deepEqual(heldAfter([0, "........++++"], [1, "........----"]), [0, 4]);
    assert.deepEqual(
      heldAfter(
        [0, "--------+++++++++"],
        [confirmMs, "--------+++++++++"],
        [confirmMs + 1, "-------------++++"],
      ),
      [0, 0, 5],
      "those that have been out for long are not counted",
    );
  });
});
