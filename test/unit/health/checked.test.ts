import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { unchecked, weigh, type Checked } from "../../../src/health/checked.ts";
import type { ProbeResult } from "../../../src/health/probes/probe.ts";

const answers: Readonly<Record<string, ProbeResult>> = {
  "+": { kind: "good", reason: "good" },
  "-": { kind: "bad", reason: "bad", decisive: false, silent: false },
  "!": { kind: "bad", reason: "no", decisive: true, silent: false },
  "?": { kind: "void", reason: "we had no descriptor" },
};

function after(marks: string, rise = 2, fall = 3): Checked {
  let checked = unchecked;
  for (const [now, mark] of [...marks].entries()) {
    const result = answers[mark];
    assert.ok(result);
    checked = weigh(checked, result, { rise, fall, now });
  }
  return checked;
}

const rows: readonly (readonly [marks: string, state: Checked["state"], because: string])[] = [
  ["", "unchecked", "not probed yet"],
  ["?", "unchecked", "not probed yet"],
  ["+", "up", "good"],
  ["-", "down", "bad"],
  ["!", "down", "no"],
  ["+--", "up", "good"],
  ["+---", "down", "bad"],
  ["+--+--", "up", "good"],
  ["+-?-?-", "down", "bad"],
  ["-+", "down", "bad"],
  ["-++", "up", "good"],
  ["-+-+", "down", "bad"],
  ["+!", "down", "no"],
  ["+!+", "up", "good"],
  ["+!-+", "up", "good"],
  ["+---!+", "down", "bad"],
  ["?????+", "up", "good"],
];

for (const [marks, state, because] of rows) {
  test(`${marks || "nothing"} is ${state}`, () => {
    const checked = after(marks);
    assert.deepEqual([checked.state, checked.because], [state, because]);
  });
}

test("it is told whether the newest bad answer was a word at all, until the next one", () => {
  const silent: ProbeResult = { kind: "bad", reason: "L4TOUT", decisive: false, silent: true };
  const counts = { rise: 2, fall: 3, now: 0 };
  const unheard = weigh(unchecked, silent, counts);
  assert.equal(unheard.isSilent, true);
  assert.equal(weigh(unheard, { kind: "good", reason: "L4OK" }, counts).isSilent, true);
  assert.equal(
    weigh(unheard, { ...silent, reason: "L7STS/503", silent: false }, counts).isSilent,
    false,
  );
});

test("one good and one bad by turns never change the verdict (HC06)", () => {
  for (const first of ["+", "-"]) {
    const { state } = after(first);
    for (let length = 1; length < 30; length += 1) {
      assert.equal(after(first + "-+".repeat(15).slice(0, length)).state, state);
      assert.equal(after(first + "+-".repeat(15).slice(0, length)).state, state);
    }
  }
});

test("whatever came before, enough answers in a row decide, and fewer do not", () => {
  const history = fc.string({ unit: fc.constantFrom("+", "-", "!", "?"), maxLength: 20 });
  const times = fc.integer({ min: 1, max: 6 });
  fc.assert(
    fc.property(history, times, times, (before, rise, fall) => {
      assert.equal(after(`${before}${"+".repeat(rise)}`, rise, fall).state, "up");
      assert.equal(after(`${before}${"-".repeat(fall)}`, rise, fall).state, "down");
      const up = `${before}${"+".repeat(rise)}`;
      assert.equal(after(`${up}${"-".repeat(fall - 1)}`, rise, fall).state, "up");
    }),
  );
});

test("the newest answer is kept with its time, also when it changes nothing", () => {
  assert.deepEqual(after("++-").last, { isGood: false, reason: "bad", at: 2 });
  assert.deepEqual(after("++?").last, { isGood: true, reason: "good", at: 1 });
});

test("two good answers in a row are dated by the older one", () => {
  const dated: readonly (readonly [string, number | undefined])[] = [
    ["", undefined],
    ["+", undefined],
    ["++", 0],
    ["+++", 1],
    ["++-", undefined],
    ["++-+", undefined],
    ["++-++", 3],
    ["+?+", 0],
    ["---++", 3],
  ];
  for (const [marks, want] of dated) assert.equal(after(marks).wellSince, want, marks);
});
