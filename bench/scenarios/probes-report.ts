import type { Lap } from "../actors/verbs.ts";
import { limits } from "../goals.ts";
import { roundedFigure } from "../support/comparison-table.ts";
import type { Figures, Goal, Report } from "../support/report.ts";
import { type Figure, figureOf, rounded } from "../support/stats.ts";
import { formatFigure, type Table } from "../support/table.ts";
import type { ThreadShares } from "../support/threads.ts";

export const replicas = 2000;

/** The load, and its twin that goes straight to the replicas. */
export interface Phase {
  readonly proxied: Lap;
  readonly straight: Lap;
  readonly threads: ThreadShares;
  /** Per second. */
  readonly probes: number;
}

/** One without probes and one with them. */
export interface Round {
  /** Where the threads of the proxy were. */
  readonly placement: string;
  readonly quiet: Phase;
  readonly probed: Phase;
}

type Read = (phase: Phase) => number;

const columns: readonly (readonly [heading: string, read: Read])[] = [
  ["probes/s", ({ probes }) => probes],
  ["control plane, % of a processor", ({ threads }) => 100 * threads.main],
  ["p50, ms", ({ proxied }) => proxied.latency.p50],
  ["p99, ms", ({ proxied }) => proxied.latency.p99],
  ["straight p99, ms", ({ straight }) => straight.latency.p99],
];

export function toReport(rounds: readonly Round[]): Report {
  const placements = [...Map.groupBy(rounds, ({ placement }) => placement)];
  const share = figure(rounds.map(({ probed }) => probed.threads.main));
  const failed = rounds.reduce(
    (sum, { quiet, probed }) => sum + quiet.proxied.failed + probed.proxied.failed,
    0,
  );
  const goals: Goal[] = [
    {
      what: "share of a processor on the control thread",
      limit: limits.probesShare,
      measured: share.median,
      unit: "",
    },
    ...placements.map(([name, own]) => ({
      what: `p99 with probes, × without, by the same of the straight load, ${name}`,
      limit: limits.probesP99,
      measured: figure(own.map(addedRatio)).median,
      unit: "",
    })),
    { what: "failed requests", limit: 0, measured: failed, unit: "" },
  ];
  return {
    tables: [tableOf(placements)],
    figures: {
      share: rounded(share.median),
      ...Object.fromEntries(placements.map(([name, own]) => [name, figuresOf(own)])),
      failed,
    },
    goals,
    notes: [
      "straight is the same load without a proxy at the same time: what it loses, the machine has taken",
      "replicas that are probed share a processor with the load, and with the worker when it is not on the proxy's own: both loads wait for them",
    ],
  };
}

function tableOf(placements: readonly (readonly [string, readonly Round[]])[]): Table {
  const cells = (phases: readonly Phase[]): string[] =>
    columns.map(([, read]) => formatFigure(figure(phases.map((phase) => read(phase)))));
  return {
    title: "probes: median of all runs, in brackets the least and the most",
    columns: ["", ...columns.map(([heading]) => heading)],
    rows: placements.flatMap(([name, own]) => [
      [`${name}: without probes`, ...cells(own.map(({ quiet }) => quiet))],
      [`${name}: ${replicas} replicas probed every 2 s`, ...cells(own.map(({ probed }) => probed))],
    ]),
  };
}

function figuresOf(rounds: readonly Round[]): Figures {
  const spread = (read: (round: Round) => number): Figures =>
    roundedFigure(figure(rounds.map((round) => read(round))));
  return {
    probesPerSecond: spread(({ probed }) => probed.probes),
    share: spread(({ probed }) => probed.threads.main),
    p99: spread(({ quiet }) => quiet.proxied.latency.p99),
    p99Probed: spread(({ probed }) => probed.proxied.latency.p99),
    p99Ratio: spread(proxiedRatio),
    straightP99Ratio: spread(straightRatio),
    addedP99Ratio: spread(addedRatio),
  };
}

function proxiedRatio({ quiet, probed }: Round): number {
  return probed.proxied.latency.p99 / quiet.proxied.latency.p99;
}

function straightRatio({ quiet, probed }: Round): number {
  return probed.straight.latency.p99 / quiet.straight.latency.p99;
}

/** What the probes cost the load through the proxy beyond what they cost the one beside it. */
function addedRatio(round: Round): number {
  return proxiedRatio(round) / straightRatio(round);
}

function figure(values: readonly number[]): Figure {
  const found = figureOf(values);
  if (found === undefined) throw new Error("nothing was measured");
  return found;
}
