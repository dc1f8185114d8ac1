import { limits } from "../goals.ts";
import type { Lap } from "../actors/verbs.ts";
import { roundedFigure } from "../support/comparison-table.ts";
import type { Figures, Goal, Report } from "../support/report.ts";
import { type Figure, figureOf, rounded } from "../support/stats.ts";
import { formatFigure, formatNumber, megabytes, type Table } from "../support/table.ts";
import type { ThreadShares } from "../support/threads.ts";

/** What was seen during one phase. */
export interface Phase {
  readonly proxied: Lap;
  readonly straight: Lap;
  /** Lists read in full. */
  readonly syncs: number;
  /** How long each took that was seen. */
  readonly syncMs: readonly number[];
  readonly threads: ThreadShares;
}

/** A quiet phase and the busy one after it. */
export interface Round {
  /** Where the threads of the proxy were. */
  readonly placement: string;
  readonly quiet: Phase;
  readonly busy: Phase;
}

export interface Measured {
  readonly rounds: readonly Round[];
  /** As the proxy's own metric says in the end. */
  readonly lastSyncMs: number;
  /** From the start of the process to its first table. */
  readonly startMs: number;
  /** Size of the list. */
  readonly bytes: number;
  readonly memory: { readonly resident: number; readonly peak: number };
  /** What the proxy logged. */
  readonly said: string;
}

type Read<T> = (item: T) => number;

export function toReport(measured: Measured): Report {
  const { rounds, said, memory } = measured;
  const groups = Object.entries(Object.groupBy(rounds, ({ placement }) => placement));
  const failed = sum(rounds, ({ quiet, busy }) => quiet.proxied.failed + busy.proxied.failed);
  const placements = groups.map(([name, group = []]) => [name, figuresOf(group)] as const);
  return {
    tables: [latencyTable(measured, groups), costTable(measured)],
    figures: {
      listBytes: measured.bytes,
      ...Object.fromEntries(placements),
      lastSyncMs: rounded(measured.lastSyncMs),
      startMs: rounded(measured.startMs),
      residentMb: rounded(megabytes(memory.resident)),
      peakMb: rounded(megabytes(memory.peak)),
      failed,
    },
    goals: [
      ...groups.map(([name, group = []]) => ratioGoal(name, group)),
      { what: "failed requests", limit: 0, measured: failed, unit: "" },
    ],
    notes: [
      "straight is the same load without a proxy at the same time: what it loses, the machine has taken",
      ...(said === "" ? [] : [`portolan logged: ${said}`]),
    ],
  };
}

function ratioGoal(name: string, rounds: readonly Round[]): Goal {
  const measured = figureOf(rounds.map((round) => ratioOf(round, proxiedP99)))?.median ?? NaN;
  return {
    what: `p99 beside lists, × quiet, ${name}`,
    limit: limits.refreshP99,
    measured,
    unit: "",
  };
}

const proxiedP99: Read<Phase> = ({ proxied }) => proxied.latency.p99;
const straightP99: Read<Phase> = ({ straight }) => straight.latency.p99;

function ratioOf({ quiet, busy }: Round, read: Read<Phase>): number {
  return read(busy) / read(quiet);
}

function latencyTable(
  { bytes }: Measured,
  groups: readonly (readonly [string, readonly Round[] | undefined])[],
): Table {
  return {
    title: `refresh: ms of a request beside lists of ${formatNumber(bytes / 1e6)} MB`,
    columns: ["phase", "p50", "p99", "p99.9", "max", "requests"],
    rows: groups.flatMap(([name, rounds = []]) => [
      latencies(
        `${name}: quiet`,
        rounds.map(({ quiet }) => quiet.proxied),
      ),
      latencies(
        `${name}: lists read`,
        rounds.map(({ busy }) => busy.proxied),
      ),
      ratioRow(`${name}: ratio`, rounds, proxiedP99),
      latencies(
        `${name}: straight, quiet`,
        rounds.map(({ quiet }) => quiet.straight),
      ),
      latencies(
        `${name}: straight, lists read`,
        rounds.map(({ busy }) => busy.straight),
      ),
      ratioRow(`${name}: straight, ratio`, rounds, straightP99),
    ]),
  };
}

function ratioRow(name: string, rounds: readonly Round[], read: Read<Phase>): string[] {
  return [name, "", formatFigure(figureOf(rounds.map((round) => ratioOf(round, read))))];
}

function latencies(name: string, laps: readonly Lap[]): string[] {
  const figure = (read: Read<Lap>): string => formatFigure(figureOf(laps.map((lap) => read(lap))));
  return [
    name,
    figure(({ latency }) => latency.p50),
    figure(({ latency }) => latency.p99),
    figure(({ latency }) => latency.p999),
    formatNumber(Math.max(...laps.map(({ latency }) => latency.max))),
    String(sum(laps, ({ completed }) => completed)),
  ];
}

function costTable({ rounds, startMs, memory }: Measured): Table {
  const quiet = rounds.map((round) => round.quiet);
  const busy = rounds.map((round) => round.busy);
  const row = (name: string, read: Read<Phase>): string[] => [
    name,
    formatFigure(figureOf(quiet.map((phase) => read(phase)))),
    formatFigure(figureOf(busy.map((phase) => read(phase)))),
  ];
  return {
    title: "refresh: what it costs",
    columns: ["what", "quiet", "lists read"],
    rows: [
      row("lists read in a phase", ({ syncs }) => syncs),
      ["one list, ms", "", formatFigure(figureOf(busy.flatMap(({ syncMs }) => syncMs)))],
      row("main thread, % of a cpu", ({ threads }) => 100 * threads.main),
      row("worker, % of a cpu", ({ threads }) => 100 * threads.workers),
      row("other threads, % of a cpu", ({ threads }) => 100 * threads.others),
      ["start to first table, ms", formatNumber(startMs), ""],
      ["RSS at the end, MB", formatNumber(megabytes(memory.resident)), ""],
      ["most RSS ever, MB", formatNumber(megabytes(memory.peak)), ""],
    ],
  };
}

function figuresOf(rounds: readonly Round[]): Figures {
  const quiet = rounds.map((round) => round.quiet);
  const busy = rounds.map((round) => round.busy);
  return {
    quiet: phaseFigures(quiet),
    busy: phaseFigures(busy),
    ...optional("p99Ratio", figureOf(rounds.map((round) => ratioOf(round, proxiedP99)))),
    ...optional("straightP99Ratio", figureOf(rounds.map((round) => ratioOf(round, straightP99)))),
  };
}

function phaseFigures(phases: readonly Phase[]): Figures {
  const of = (name: string, read: Read<Phase>): Figures =>
    optional(name, figureOf(phases.map((phase) => read(phase))));
  return {
    ...of("p50", ({ proxied }) => proxied.latency.p50),
    ...of("p99", proxiedP99),
    ...of("p999", ({ proxied }) => proxied.latency.p999),
    ...of("max", ({ proxied }) => proxied.latency.max),
    ...of("straightP99", straightP99),
    ...of("mainThreadCpu", ({ threads }) => threads.main),
    ...of("workerCpu", ({ threads }) => threads.workers),
    ...optional("syncMs", figureOf(phases.flatMap(({ syncMs }) => syncMs))),
    syncs: sum(phases, ({ syncs }) => syncs),
  };
}

function optional(name: string, figure: Figure | undefined): Figures {
  return figure === undefined ? {} : { [name]: roundedFigure(figure) };
}

function sum<T>(items: readonly T[], read: Read<T>): number {
  return items.reduce((total, item) => total + read(item), 0);
}
