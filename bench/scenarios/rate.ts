import { contenders } from "../contenders/all.ts";
import type { Contender } from "../contenders/contender.ts";
import { httpContenders } from "../contenders/http.ts";
import { portolan } from "../contenders/portolan.ts";
import { compareTraffic, reportOf } from "../support/comparison.ts";
import {
  type ComparisonGoal,
  doubted,
  reachedShare,
  saturatedShare,
} from "../support/comparison-goals.ts";
import type { Row } from "../support/comparison-table.ts";
import type { Report } from "../support/report.ts";
import { formatNumber } from "../support/table.ts";
import { limits } from "../goals.ts";
import type { Bench, Scenario } from "./scenario.ts";
import type { Workload } from "./tcp.ts";

/** Of what the slowest proxy reaches at full load. */
const loadShare = 0.5;

const small = {
  protocol: "tcp",
  yardstick: "haproxy",
  unit: "request",
  unitsPerRequest: 1,
  answerBytes: 128,
  connections: 32,
  isLasting: true,
} as const;

/** What is asked at half load, and how much of HAProxy's p99 that may take. */
interface Question {
  readonly workload: Workload;
  readonly contenders: readonly Contender[];
}

const questions: readonly Question[] = [
  {
    workload: {
      ...small,
      name: "tcp-rate",
      purpose:
        "small requests at a fixed rate, half of what the slowest proxy reaches at full load",
      requestBytes: 64,
      goals: goals(limits.tcpRate),
    },
    contenders,
  },
  {
    workload: {
      ...small,
      name: "http-rate",
      purpose:
        "GET requests in HTTP mode at a fixed rate, half of what the slowest proxy reaches at full load",
      isHttp: true,
      requestBytes: 0,
      goals: goals(limits.httpRate),
    },
    contenders: httpContenders,
  },
];

export const rateScenarios: readonly Scenario[] = questions.map((question) => ({
  name: question.workload.name,
  purpose:
    "latency of every contender at the same rate, half of what the slowest proxy reaches at full load (seconds per run, runs of each contender in alternation)",
  seconds: 2,
  runs: 5,
  contenders: question.contenders,
  run: (bench) => measureAtRate(question.workload, bench),
}));

async function measureAtRate(workload: Workload, bench: Bench): Promise<Report> {
  const full = await compareTraffic(
    { ...workload, name: `${workload.name}, full load` },
    { ...bench, runs: 1 },
  );
  const proxies = full.rows.filter(({ cpuMicros }) => cpuMicros !== undefined);
  const slowest = Math.min(...proxies.map(({ rate }) => rate?.median ?? Infinity));
  const idle = proxies.find(({ cpuShare }) => (cpuShare?.median ?? 1) < saturatedShare);
  if (!Number.isFinite(slowest)) throw new Error("no proxy shows what full load is");
  const ratePerSecond = Math.floor(slowest * loadShare);
  bench.say(`${workload.name}: ${ratePerSecond} requests a second`);
  const paced = { ...workload, ratePerSecond };
  const { rows, notes } = await compareTraffic(paced, bench);
  const asked = `${formatNumber(ratePerSecond)} requests a second were due; at full load the slowest proxy reached ${formatNumber(slowest)}`;
  const report = reportOf(paced, {
    rows,
    notes: [asked, ...notes, ...laggards(rows, ratePerSecond)],
  });
  const doubt = idle && `full load was not one: ${idle.contender} was idle for most of it`;
  return {
    ...report,
    goals: doubted(report.goals, doubt),
    figures: { ratePerSecond, ...report.figures },
  };
}

function laggards(rows: readonly Row[], due: number): string[] {
  const late = rows.filter(({ rate }) => (rate?.median ?? 0) < reachedShare * due);
  return late.map(({ contender }) => `${contender} did not keep up: its latencies tell little`);
}

function goals(limit: number): ComparisonGoal[] {
  const what = "p99 at half load by HAProxy's";
  return [{ what, contender: portolan.name, by: "p99Ratio", limit }];
}
