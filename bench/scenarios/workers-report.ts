import { limits } from "../goals.ts";
import type { Lap } from "../actors/verbs.ts";
import { doubted, saturatedShare } from "../support/comparison-goals.ts";
import { roundedFigure } from "../support/comparison-table.ts";
import type { Figures, Goal, Report } from "../support/report.ts";
import { type Figure, figureOf } from "../support/stats.ts";
import { formatFigure, formatNumber, megabytes } from "../support/table.ts";

/** One run with so many workers under one kind of traffic. */
export interface Sample {
  readonly workers: number;
  readonly traffic: string;
  readonly round: number;
  readonly before: Lap;
  readonly after: Lap;
  /** What each worker did, in ms of CPU time. */
  readonly requests: readonly number[];
  /** What each worker watched while connections were held. */
  readonly connections: readonly number[];
}

/** Two workers on two cores are to do at least so much of what one does on one. */
const leastGain = limits.workersGain;

type Read = (sample: Sample) => number;

/** Samples of one kind, with the reading of a figure relative to one worker in the same round. */
interface Group {
  readonly name: string;
  readonly workers: number;
  readonly samples: readonly Sample[];
  readonly cost: Figure | undefined;
  readonly gain: Figure | undefined;
}

const rate: Read = ({ before, after }) => (1000 * after.completed) / (after.atMs - before.atMs);
const cpuSeconds: Read = ({ before, after }) => (after.usage.cpuMs - before.usage.cpuMs) / 1000;
const cpuMicros: Read = (sample) => (1e6 * cpuSeconds(sample)) / sample.after.completed;

const cpuShare: Read = (sample) =>
  (1000 * cpuSeconds(sample)) / (sample.after.atMs - sample.before.atMs);

const columns: readonly (readonly [name: string, read: Read])[] = [
  ["requests/s", rate],
  ["CPU µs per request", cpuMicros],
  ["CPU s", cpuSeconds],
  ["requests, most ÷ least", ({ requests }) => imbalance(requests)],
  ["200 connections, most ÷ least", ({ connections }) => imbalance(connections)],
  ["p50 ms", ({ after }) => after.latency.p50],
  ["p99 ms", ({ after }) => after.latency.p99],
  ["p99.9 ms", ({ after }) => after.latency.p999],
  ["RSS MB", ({ after }) => megabytes(after.usage.residentBytes)],
];

export function toReport(samples: readonly Sample[], processors: number): Report {
  const groups = groupsOf(samples, processors);
  const failed = samples.reduce((sum, { before, after }) => sum + before.failed + after.failed, 0);
  return {
    tables: [
      {
        title: "workers: cost and balance",
        columns: ["workers", ...columns.map(([name]) => name), "CPU × 1 worker", "work × 1 worker"],
        rows: groups.map(({ name, samples: own, cost, gain }) => [
          name,
          ...columns.map(([, read]) => formatFigure(figure(own, read))),
          formatFigure(cost),
          formatNumber(gain?.median),
        ]),
      },
    ],
    figures: {
      ...Object.fromEntries(groups.map((group) => [group.name, figuresOf(group)])),
      failed,
    },
    goals: [
      ...groups.flatMap((group) => doubted(costGoal(group), doubtOf(group, groups))),
      { what: "failed requests", limit: 0, measured: failed, unit: "" },
    ],
    notes: [
      "work × 1 worker: what the workers' processors have the CPU time for, one worker on one being 1",
      "requests, most ÷ least: by the CPU time of the workers; connections: by what their event loops watch",
      "load and replicas share the processors with the workers, so requests/s says little",
    ],
  };
}

function groupsOf(samples: readonly Sample[], processors: number): Group[] {
  const named = Object.groupBy(samples, ({ workers, traffic }) => `${workers}, ${traffic}`);
  return Object.entries(named).map(([name, own = []]) => {
    const workers = own[0]?.workers ?? NaN;
    const costs = own.map((sample) => cpuMicros(sample) / (costOfOne(samples, sample) ?? NaN));
    return {
      name,
      workers,
      samples: own,
      cost: figureOf(costs),
      gain: figureOf(costs.map((cost) => Math.min(workers, processors) / cost)),
    };
  });
}

/** What one worker needed in the same round. */
function costOfOne(samples: readonly Sample[], { traffic, round }: Sample): number | undefined {
  const one = samples.find(
    (each) => each.workers === 1 && each.traffic === traffic && each.round === round,
  );
  return one && cpuMicros(one);
}

function costGoal({ name, workers, cost }: Group): Goal[] {
  if (workers !== 2 || cost === undefined) return [];
  const limit = Number((workers / leastGain).toFixed(2));
  return [
    {
      what: `CPU time per request by that of one worker, ${name}: two cores do ${leastGain} × the work`,
      limit,
      measured: cost.median,
      unit: "×",
    },
  ];
}

/** Where either was idle for most of the time, the machine was measured. */
function doubtOf({ name, samples }: Group, groups: readonly Group[]): string | undefined {
  const traffic = samples[0]?.traffic;
  const one = groups.find((group) => group.workers === 1 && group.samples[0]?.traffic === traffic);
  if (one === undefined) return "one worker was not measured";
  const idle = [one, { name, samples }].find((group) => {
    return (figure(group.samples, cpuShare)?.median ?? 0) < saturatedShare;
  });
  return idle && `${idle.name}: busy for less than half of one processor's time`;
}

function figuresOf({ samples, cost, gain }: Group): Figures {
  const read = columns.map(([name, each]) => [name, figure(samples, each)] as const);
  const all = [...read, ["CPU × 1 worker", cost] as const, ["work × 1 worker", gain] as const];
  return Object.fromEntries(
    all.flatMap(([name, each]) => (each === undefined ? [] : [[name, roundedFigure(each)]])),
  );
}

function figure(samples: readonly Sample[], read: Read): Figure | undefined {
  return figureOf(samples.map((sample) => read(sample)));
}

function imbalance(shares: readonly number[]): number {
  return Math.max(...shares) / Math.min(...shares);
}
