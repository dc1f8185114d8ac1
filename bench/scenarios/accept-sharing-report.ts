import type { Lap } from "../actors/verbs.ts";
import { roundedFigure } from "../support/comparison-table.ts";
import type { Figures, Report } from "../support/report.ts";
import { type Figure, figureOf } from "../support/stats.ts";
import { formatFigure, type Table } from "../support/table.ts";

/** One run of one way of sharing. */
export interface Sample {
  readonly sharing: string;
  readonly workers: number;
  /** New connections a second, as many as there could be. */
  readonly rate: number;
  /** CPU time of the whole process for each of them, in µs. */
  readonly cpuMicros: number;
  /** How many of them each worker had. */
  readonly short: readonly number[];
  /** The same for connections that stay. */
  readonly long: readonly number[];
  readonly quiet: Lap;
  /** While the main thread was busy every now and then. */
  readonly blocked: Lap;
  /** While workers stopped taking connections. */
  readonly retired: {
    readonly closings: number;
    readonly completed: number;
    readonly failed: number;
    readonly failedBefore: number;
    readonly failures: Readonly<Record<string, number>>;
  };
  /** At any other time. */
  readonly failed: number;
}

type Read = (sample: Sample) => number;
type Column = readonly [name: string, read: Read];

const costColumns: readonly Column[] = [
  ["connections/s", ({ rate }) => rate],
  ["CPU µs per connection", ({ cpuMicros }) => cpuMicros],
  ["short, most ÷ least", ({ short }) => imbalance(short)],
  ["200 long, most ÷ least", ({ long }) => imbalance(long)],
  ["failed per closing", ({ retired }) => retired.failed / retired.closings],
  ["failed otherwise", ({ failed, retired }) => failed + retired.failedBefore],
];

const latencyColumns: readonly Column[] = [
  ["p50", ({ quiet }) => quiet.latency.p50],
  ["p99", ({ quiet }) => quiet.latency.p99],
  ["busy p50", ({ blocked }) => blocked.latency.p50],
  ["busy p99", ({ blocked }) => blocked.latency.p99],
  ["busy max", ({ blocked }) => blocked.latency.max],
];

export function toReport(samples: readonly Sample[]): Report {
  const named = samples.map((sample) => ({
    name: `${sample.workers} workers, ${sample.sharing}`,
    sample,
  }));
  const groups = Object.entries(Object.groupBy(named, ({ name }) => name)).map(
    ([name, group = []]) => ({ name, group: group.map(({ sample }) => sample) }),
  );
  const table = (title: string, columns: readonly Column[]): Table => ({
    title: `accept-sharing: ${title}`,
    columns: ["sharing", ...columns.map(([name]) => name)],
    rows: groups.map(({ name, group }) => [
      name,
      ...columns.map(([, read]) => formatFigure(figure(group, read))),
    ]),
  });
  return {
    tables: [
      table("cost, balance and closing", costColumns),
      table("ms from connecting to the first answer, 400 a second", latencyColumns),
    ],
    figures: Object.fromEntries(groups.map(({ name, group }) => [name, figuresOf(group)])),
    goals: [],
    notes: [
      "busy: the main thread parses JSON for 200 ms in every 400",
      "the kernel completes a connection before anyone accepts it, so the time to the first answer is shown",
      ...failuresOf(samples),
    ],
  };
}

function figuresOf(group: readonly Sample[]): Figures {
  const columns = [...costColumns, ...latencyColumns];
  return Object.fromEntries(
    columns.flatMap(([name, read]) => {
      const measured = figure(group, read);
      return measured === undefined ? [] : [[name, roundedFigure(measured)]];
    }),
  );
}

function figure(group: readonly Sample[], read: Read): Figure | undefined {
  return figureOf(group.map((sample) => read(sample)));
}

function imbalance(shares: readonly number[]): number {
  return Math.max(...shares) / Math.min(...shares);
}

/** What failed when workers stopped taking connections, all runs together. */
function failuresOf(samples: readonly Sample[]): string[] {
  return Object.entries(Object.groupBy(samples, ({ sharing }) => sharing)).map(
    ([sharing, group = []]) => {
      const counts = new Map<string, number>();
      for (const { retired } of group)
        for (const [why, count] of Object.entries(retired.failures))
          counts.set(why, (counts.get(why) ?? 0) + count);
      const closings = group.reduce((sum, { retired }) => sum + retired.closings, 0);
      const completed = group.reduce((sum, { retired }) => sum + retired.completed, 0);
      const what = [...counts].map(([why, count]) => `${count} × ${why}`).join(", ") || "none";
      return `${sharing}: failed of ${completed} connections in ${closings} closings: ${what}`;
    },
  );
}
