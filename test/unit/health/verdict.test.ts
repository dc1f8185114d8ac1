import assert from "node:assert/strict";
import { test } from "node:test";
import { judge, memoryMs, type Verdict } from "../../../src/health/verdict.ts";
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
      [unknown, memoryMs + 1],
    ],
    want: ["unknown", "no check result", memoryMs + 1],
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
    for (const [seen, at] of given) verdict = judge(seen, verdict, { wall: at, steady: at });
    assert.ok(verdict);
    assert.deepEqual([verdict.state, verdict.reason, verdict.since], [...want]);
  });
}
