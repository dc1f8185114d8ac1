import assert from "node:assert/strict";
import { test } from "node:test";
import { comparisonGoals } from "../../../bench/support/comparison-goals.ts";
import type { Row } from "../../../bench/support/comparison-table.ts";
import { verdictOf } from "../../../bench/support/report.ts";
import { tcpWorkload } from "../../../bench/scenarios/tcp.ts";

const workload = tcpWorkload("tcp-keepalive");

function exactly(median: number): { median: number; min: number; max: number } {
  return { median, min: median, max: median };
}

function row(contender: string, ratio: number, more: Partial<Row> = {}): Row {
  return {
    contender,
    version: "",
    rate: exactly(1000),
    cpuMicros: exactly(10),
    ratio: exactly(ratio),
    cpuSeconds: exactly(0.9),
    cpuShare: exactly(0.9),
    p50: exactly(1),
    p99: exactly(2),
    p999: exactly(3),
    p50Ratio: exactly(1),
    p99Ratio: exactly(1),
    residentBytes: exactly(1),
    failed: 0,
    dropped: undefined,
    ...more,
  };
}

function verdicts(own: Row, other: Row | undefined, ratePerSecond?: number): string[] {
  const rate = ratePerSecond === undefined ? {} : { ratePerSecond };
  const rows = other === undefined ? [own] : [own, other];
  return comparisonGoals({ ...workload, ...rate }, rows).map((goal) => verdictOf(goal));
}

test("a ratio within its limit is met, and one above it missed", () => {
  assert.deepEqual(verdicts(row("portolan", 1.1), row("haproxy", 1)), ["met"]);
  assert.deepEqual(verdicts(row("portolan", 1.11), row("haproxy", 1)), ["missed"]);
  assert.deepEqual(verdicts(row("haproxy", 1), undefined), []);
});

test("nothing is met when one of the two sides was not measured well", () => {
  const bad: readonly Partial<Row>[] = [
    { failed: 1 },
    { cpuShare: exactly(0.49) },
    { dropped: "failed in round 2" },
    { rate: undefined },
  ];
  for (const more of bad) {
    assert.deepEqual(verdicts(row("portolan", 1, more), row("haproxy", 1)), ["not measured"]);
    assert.deepEqual(verdicts(row("portolan", 1), row("haproxy", 1, more)), ["not measured"]);
  }
  assert.deepEqual(verdicts(row("portolan", 1), undefined), ["not measured"]);
});

test("at a rate it counts how much of it was reached, and not how busy a proxy was", () => {
  const idle = { cpuShare: exactly(0.2) };
  const reached = (rate: number): Row => row("haproxy", 1, { ...idle, rate: exactly(rate) });
  assert.deepEqual(verdicts(row("portolan", 1, idle), reached(951), 1000), ["met"]);
  assert.deepEqual(verdicts(row("portolan", 1, idle), reached(949), 1000), ["not measured"]);
});
