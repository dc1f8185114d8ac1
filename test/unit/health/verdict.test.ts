import assert from "node:assert/strict";
import { test } from "node:test";
import { unchecked, type Checked } from "../../../src/health/checked.ts";
import { judge, memoryMs, type Verdict } from "../../../src/health/verdict.ts";
import { healthModes } from "../../../src/model/check.ts";
import { replica } from "../../support/services.ts";

const up = replica("10.0.0.1:80");
const down = replica("10.0.0.1:80", { health: "down", reason: "check failed" });
const unknown = replica("10.0.0.1:80", { health: "unknown", reason: "no check result" });
const draining = replica("10.0.0.1:80", { draining: true, reason: "task is being killed" });

const rows = [
  { name: "never seen and up", given: [[up, 0]], want: ["up", "running", 0] },
  {
    name: "never seen and unknown waits",
    given: [[unknown, 0]],
    want: ["unknown", "no check result", 0],
  },
  {
    name: "unknown after up stays up, with both reasons",
    given: [
      [up, 0],
      [unknown, 10],
    ],
    want: ["up", "no check result; last known up", 0],
  },
  {
    name: "unknown after down stays down",
    given: [
      [down, 0],
      [unknown, 10],
    ],
    want: ["down", "no check result; last known down", 0],
  },
  {
    name: "unknown for too long is unknown",
    given: [
      [up, 0],
      [unknown, 10],
      [unknown, memoryMs + 11],
    ],
    want: ["unknown", "no check result", memoryMs + 11],
  },
  {
    name: "the first good word makes it up",
    given: [
      [unknown, 0],
      [up, 5],
    ],
    want: ["up", "running", 5],
  },
  {
    name: "since is kept while the state is",
    given: [
      [up, 0],
      [up, 5],
      [up, 9],
    ],
    want: ["up", "running", 0],
  },
  {
    name: "draining wins over up",
    given: [
      [up, 0],
      [draining, 5],
    ],
    want: ["draining", "task is being killed", 5],
  },
] as const;

for (const { name, given, want } of rows) {
  test(name, () => {
    let verdict: Verdict | undefined;
    for (const [seen, at] of given) {
      const signals = {
        replica: seen,
        checked: undefined,
        check: { health: "marathon", kind: "tcp" },
        heldBack: undefined,
      } as const;
      verdict = judge(signals, verdict, { wall: at, steady: at });
    }
    assert.ok(verdict);
    assert.deepEqual([verdict.state, verdict.reason, verdict.since], [...want]);
  });
}

const both = { health: "both", kind: "tcp" } as const;
const words = { up, down, unknown } as const;
const probes: Readonly<Record<string, Checked | undefined>> = {
  none: undefined,
  unchecked,
  up: { ...unchecked, state: "up", because: "L4OK" },
  down: { ...unchecked, state: "down", because: "L4CON: refused" },
};

// The word of the source, the word of our probes, and the verdict by mode: marathon, local, both.
const merged: readonly (readonly [
  keyof typeof words,
  keyof typeof probes,
  string,
  string,
  string,
])[] = [
  ["up", "none", "up", "up", "up"],
  ["up", "unchecked", "up", "up", "up"],
  ["up", "up", "up", "up", "up"],
  ["up", "down", "up", "down", "down"],
  ["down", "none", "down", "down", "down"],
  ["down", "unchecked", "down", "down", "down"],
  ["down", "up", "down", "up", "down"],
  ["down", "down", "down", "down", "down"],
  ["unknown", "none", "unknown", "unknown", "unknown"],
  ["unknown", "unchecked", "unknown", "unknown", "unknown"],
  ["unknown", "up", "unknown", "up", "up"],
  ["unknown", "down", "unknown", "down", "down"],
];

for (const [word, probe, ...states] of merged) {
  test(`the source says ${word}, probes ${probe}: ${states.join(", ")} (HC11)`, () => {
    const found = healthModes.map((health) => {
      const check = { health, kind: "tcp" } as const;
      const signals = { replica: words[word], checked: probes[probe], check, heldBack: undefined };
      return judge(signals, undefined, { wall: 0, steady: 0 }).state;
    });
    assert.deepEqual(found, states);
  });
}

// The word of the source, the word of our probes on its role, and the verdict by mode: marathon, local, both.
const ofRoles: readonly (readonly [
  keyof typeof words,
  keyof typeof probes,
  string,
  string,
  string,
])[] = [
  ["up", "none", "up", "unknown", "unknown"],
  ["up", "unchecked", "up", "unknown", "unknown"],
  ["up", "up", "up", "up", "up"],
  ["down", "unchecked", "down", "down", "down"],
  ["unknown", "unchecked", "unknown", "unknown", "unknown"],
];

for (const [word, probe, ...states] of ofRoles) {
  test(`a Redis of which the source says ${word} and probes ${probe}: ${states.join(", ")}`, () => {
    const found = healthModes.map((health) => {
      const check = { health, kind: "redis-master" } as const;
      const signals = { replica: words[word], checked: probes[probe], check, heldBack: undefined };
      return judge(signals, undefined, { wall: 0, steady: 0 }).state;
    });
    assert.deepEqual(found, states);
  });
}

test("a role that was never asked is said to be so, also where the source has lost its word", () => {
  const at = { wall: 0, steady: 0 };
  const rest = { check: { health: "both", kind: "redis-slave" }, heldBack: undefined } as const;
  const first = judge({ replica: up, checked: unchecked, ...rest }, undefined, at);
  assert.equal(first.reason, "running; role not asked yet");
  assert.equal(
    judge({ replica: unknown, checked: unchecked, ...rest }, first, at).state,
    "unknown",
  );
});

test("a new leader that forgot every result changes nothing, and a good probe outweighs an old bad word", () => {
  const at = { wall: 0, steady: 0 };
  const said = (one: typeof up, probe: keyof typeof probes, before?: Verdict): Verdict =>
    judge({ replica: one, checked: probes[probe], check: both, heldBack: undefined }, before, at);
  assert.equal(said(unknown, "up", said(up, "up")).state, "up");
  assert.equal(said(unknown, "unchecked", said(up, "unchecked")).state, "up");
  assert.equal(said(unknown, "unchecked", said(down, "unchecked")).state, "down");
  assert.equal(said(unknown, "up", said(down, "up")).state, "up");
});

test("what is held back stays up and says why, whoever speaks against it; where the source alone counts, nothing is", () => {
  const at = { wall: 0, steady: 0 };
  const held = { checked: probes["down"], check: both, heldBack: "held up: most fail" } as const;
  const kept = judge({ replica: up, ...held }, undefined, at);
  assert.deepEqual([kept.state, kept.reason], ["up", "held up: most fail"]);
  const contradicted = { ...held, checked: probes["up"] };
  assert.equal(judge({ replica: down, ...contradicted }, undefined, at).state, "up");
  const theirs = { ...contradicted, check: { health: "marathon", kind: "tcp" } } as const;
  assert.equal(judge({ replica: down, ...theirs }, undefined, at).state, "down");
});

test("the source's own word is dated by itself, whatever our probes say", () => {
  const said = (probe: keyof typeof probes, wall: number, before?: Verdict): Verdict => {
    const signals = {
      replica: up,
      checked: probes[probe],
      check: both,
      heldBack: undefined,
    } as const;
    return judge(signals, before, { wall, steady: wall });
  };
  const verdict = said("down", 20, said("up", 10));
  assert.deepEqual(verdict.source, { health: "up", reason: "running", since: 10 });
  assert.equal(verdict.since, 20);
});
