import assert from "node:assert/strict";
import { test } from "node:test";
import { admitted, shed, untilNextLook, type Shedding } from "../../../src/workers/shedding.ts";

const open: Shedding = { kind: "open" };

/** `[percent in use, ended so far, seconds]`. */
type Look = readonly [number, number, number];

/** What each look led to. */
function follow(looks: readonly Look[]): string[] {
  let state = open;
  return looks.map(([percent, ended, seconds]) => {
    const use = { limit: 1000, used: percent * 10 };
    state = shed(state, { use, at: 0.85, ended, now: seconds * 1000 });
    return state.kind;
  });
}

const stories: readonly {
  readonly name: string;
  readonly looks: readonly Look[];
  readonly want: readonly Shedding["kind"][];
}[] = [
  { name: "below the mark nothing is shed", looks: [[84, 0, 0]], want: ["open"] },
  {
    name: "it begins at the mark and is over a good part below it",
    looks: [
      [85, 0, 0],
      [81, 5, 1],
      [79, 9, 2],
      [84, 9, 3],
    ],
    want: ["shedding", "shedding", "open", "open"],
  },
  {
    name: "it goes on as long as there is something to end",
    looks: [
      [90, 0, 0],
      [90, 1, 2],
      [90, 2, 4],
      [90, 3, 6],
    ],
    want: ["shedding", "shedding", "shedding", "shedding"],
  },
  {
    name: "with nothing left to end it gives up, and begins again when more is in use",
    looks: [
      [90, 0, 0],
      [90, 0, 2.9],
      [90, 0, 3],
      [92, 0, 10],
      [93, 0, 11],
    ],
    want: ["shedding", "shedding", "spent", "spent", "shedding"],
  },
  {
    name: "what gave up is well once there is room",
    looks: [
      [90, 0, 0],
      [90, 0, 3],
      [79, 0, 4],
      [85, 0, 5],
    ],
    want: ["shedding", "spent", "open", "shedding"],
  },
];

for (const { name, looks, want } of stories) {
  test(name, () => assert.deepEqual(follow(looks), want));
}

test("the next look comes before memory could be full", () => {
  const mebibyte = 1024 * 1024;
  const after = (used: number): number =>
    Math.round(untilNextLook({ limit: 256 * mebibyte, used: used * mebibyte }, 0.85));
  assert.equal(after(100), 123);
  assert.equal(after(210), 25);
  assert.equal(after(250), 25);
  assert.equal(untilNextLook({ limit: 8192 * mebibyte, used: 0 }, 0.85), 1000);
});

test("newcomers are let in as far as memory goes for the most that each may take", () => {
  const mebibytes = (used: number): { readonly limit: number; readonly used: number } => ({
    limit: 128 * 1024 ** 2,
    used: used * 1024 ** 2,
  });
  const at = 0.75;
  assert.equal(admitted(open, { use: mebibytes(72), at, active: 100 }), 100 + 1024);
  assert.equal(admitted(open, { use: mebibytes(96), at, active: 100 }), 100, "nobody has left");
  const shedding: Shedding = { kind: "shedding", ended: 0, since: 0 };
  assert.equal(admitted(shedding, { use: mebibytes(97), at, active: 100 }), 0);
  const spent: Shedding = { kind: "spent", share: 0.8 };
  assert.equal(admitted(spent, { use: mebibytes(116), at, active: 100 }), 100 + 256);
  assert.equal(admitted(spent, { use: mebibytes(130), at, active: 100 }), 100);
});
