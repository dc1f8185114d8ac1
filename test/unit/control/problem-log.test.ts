import assert from "node:assert/strict";
import { test } from "node:test";
import { ProblemLog } from "../../../src/control/problem-log.ts";
import type { Problem } from "../../../src/model/problem.ts";
import { keepingLogger } from "../../support/running-source.ts";

function heldBack(count: number): Problem {
  const reason = `${count} of 3000 replicas fail their probes at once: held back for 30s`;
  return { kind: "held-back", subject: "probes", reason };
}

test("a wave of failures that grows is one problem, told in the log once, with its first date and its last number", () => {
  const lines: string[] = [];
  let now = 1000;
  const problems = new ProblemLog(keepingLogger(lines), () => now);
  problems.date([heldBack(1600)]);
  now = 2000;
  assert.deepEqual(problems.date([heldBack(2500)]), [{ ...heldBack(2500), since: 1000 }]);
  problems.date([]);
  problems.date([heldBack(1700)]);
  assert.equal(lines.length, 2, "once for each wave");
});

test("what differs in a number that is no count is another problem", () => {
  const lines: string[] = [];
  const problems = new ProblemLog(keepingLogger(lines), () => 1000);
  const refused = (port: number): Problem => {
    return { kind: "port-refused", subject: "/web", reason: `service port ${port} is ours` };
  };
  assert.equal(problems.date([refused(80), refused(81)]).length, 2);
  problems.date([refused(80), refused(82)]);
  assert.equal(lines.length, 3);
});
