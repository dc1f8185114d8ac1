import { limits } from "../goals.ts";
import type { Lap } from "../actors/verbs.ts";
import type { Figures, Goal, Report } from "../support/report.ts";
import { figureOf, rounded, type Figure } from "../support/stats.ts";
import { formatFigure, type Table } from "../support/table.ts";

/** The load, and its twin that goes straight to the replicas. */
interface Laps {
  readonly proxied: Lap;
  readonly straight: Lap;
}

export interface Round {
  readonly placement: string;
  readonly quiet: Laps;
  /** Beside questions; how many of them were answered with records each second, and how many in vain. */
  readonly asked: Laps & { readonly perSecond: number; readonly refused: number };
}

/** Answers a second, and the share of a processor that the thread which gave them had. */
export interface Capacity {
  readonly perSecond: number;
  readonly share: number;
}

const leastPerSecond = limits.dnsPerSecond;

export function toReport(rounds: readonly Round[], capacities: readonly Capacity[]): Report {
  const placements = [...Map.groupBy(rounds, ({ placement }) => placement)];
  const perSecond = figure(capacities.map((one) => one.perSecond));
  const micros = figure(capacities.map((one) => (1e6 * one.share) / one.perSecond));
  const ratios = placements.map(([name, of]) => ({ name, ratio: figure(of.map(proxiedRatio)) }));
  const failed = rounds.flatMap(({ quiet, asked }) => [quiet.proxied.failed, asked.proxied.failed]);
  const goals: Goal[] = [
    {
      what: `µs of a processor for an answer (${leastPerSecond} a second)`,
      limit: rounded(1e6 / leastPerSecond),
      measured: micros.median,
      unit: "µs",
    },
    ...ratios.map(({ name, ratio }) => ({
      what: `p99 beside questions, × without, ${name}`,
      limit: limits.dnsP99,
      measured: ratio.median,
      unit: "",
    })),
    { what: "failed requests", limit: 0, measured: Math.max(...failed), unit: "" },
    {
      what: "questions answered with an error",
      limit: 0,
      measured: Math.max(...rounds.map(({ asked }) => asked.refused)),
      unit: "",
    },
  ];
  return {
    tables: [
      {
        title: "dns: as many answers as there can be, the whole proxy on one processor",
        columns: ["answers/s", "µs of a processor for each"],
        rows: [[formatFigure(perSecond), formatFigure(micros)]],
      },
      latencyTable(placements),
    ],
    figures: {
      perSecond: rounded(perSecond.median),
      microsPerAnswer: rounded(micros.median),
      ...Object.fromEntries(placements.map(([name, of]) => [name, placementFigures(of)])),
    },
    goals,
    notes: [
      "the load that goes straight to the replicas shows what the machine does: with two processors, those who ask share one with the worker when it is not on the proxy's own",
    ],
  };
}

function latencyTable(placements: readonly (readonly [string, readonly Round[]])[]): Table {
  return {
    title: "dns: p99 of the load, ms",
    columns: ["placement", "without", "beside", "×", "straight, ×", "answers/s"],
    rows: placements.map(([name, rounds]) => [
      name,
      ...[
        rounds.map(({ quiet }) => quiet.proxied.latency.p99),
        rounds.map(({ asked }) => asked.proxied.latency.p99),
        rounds.map(proxiedRatio),
        rounds.map(straightRatio),
        rounds.map(({ asked }) => asked.perSecond),
      ].map((values) => formatFigure(figure(values))),
    ]),
  };
}

function placementFigures(rounds: readonly Round[]): Figures {
  const median = (values: readonly number[]): number => rounded(figure(values).median);
  return {
    p99: median(rounds.map(({ quiet }) => quiet.proxied.latency.p99)),
    p99Asked: median(rounds.map(({ asked }) => asked.proxied.latency.p99)),
    ratio: median(rounds.map(proxiedRatio)),
    straightRatio: median(rounds.map(straightRatio)),
    askedPerSecond: median(rounds.map(({ asked }) => asked.perSecond)),
  };
}

function proxiedRatio({ quiet, asked }: Round): number {
  return asked.proxied.latency.p99 / quiet.proxied.latency.p99;
}

function straightRatio({ quiet, asked }: Round): number {
  return asked.straight.latency.p99 / quiet.straight.latency.p99;
}

function figure(values: readonly number[]): Figure {
  const found = figureOf(values);
  if (found === undefined) throw new Error("nothing was measured");
  return found;
}
