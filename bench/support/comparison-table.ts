import type { Latency } from "../actors/verbs.ts";
import type { Workload } from "../scenarios/tcp.ts";
import type { Alternated } from "./alternation.ts";
import type { Present } from "./available.ts";
import type { Figures } from "./report.ts";
import { type Figure, figureOf, rounded } from "./stats.ts";
import { formatFigure, formatNumber, megabytes, type Table } from "./table.ts";

/** One run of one contender. */
export interface Sample {
  readonly contender: string;
  readonly round: number;
  /** Units a second. */
  readonly rate: number;
  /** CPU time of the proxy per unit, in µs; undefined without a proxy. */
  readonly cpuMicros: number | undefined;
  /** CPU time of the proxy in the whole run, in seconds; undefined without a proxy. */
  readonly cpuSeconds: number | undefined;
  readonly latency: Latency;
  readonly residentBytes: number | undefined;
  readonly failed: number;
  readonly seconds: number;
}

type Read = (sample: Sample) => number | undefined;

/** All runs of one contender. */
export interface Row {
  readonly contender: string;
  readonly version: string;
  readonly rate: Figure | undefined;
  readonly cpuMicros: Figure | undefined;
  /** Its CPU time divided by the yardstick's of the same round. */
  readonly ratio: Figure | undefined;
  readonly cpuSeconds: Figure | undefined;
  /** CPU time as a share of the time that passed. */
  readonly cpuShare: Figure | undefined;
  readonly p50: Figure | undefined;
  readonly p99: Figure | undefined;
  readonly p999: Figure | undefined;
  /** Its latencies divided by the yardstick's of the same round. */
  readonly p50Ratio: Figure | undefined;
  readonly p99Ratio: Figure | undefined;
  readonly residentBytes: Figure | undefined;
  readonly failed: number;
  /** How it failed to be measured to the end; undefined when it did not. */
  readonly dropped: string | undefined;
}

export function compared(
  present: readonly Present[],
  { samples, dropped }: Alternated<Sample>,
  yardstick: string,
): Row[] {
  const yardsticks = new Map(
    samples.filter(({ contender }) => contender === yardstick).map((each) => [each.round, each]),
  );
  return present.map(({ contender: { name }, version }) => {
    const own = samples.filter(({ contender }) => contender === name);
    const figure = (read: Read): Figure | undefined =>
      figureOf(own.map((sample) => read(sample) ?? NaN));
    const ratio = (read: Read): Figure | undefined =>
      figure((sample) => {
        const other = yardsticks.get(sample.round);
        return other && (read(sample) ?? NaN) / (read(other) ?? NaN);
      });
    return {
      contender: name,
      version,
      rate: figure(({ rate }) => rate),
      cpuMicros: figure(({ cpuMicros }) => cpuMicros),
      ratio: ratio(({ cpuMicros }) => cpuMicros),
      cpuSeconds: figure(({ cpuSeconds }) => cpuSeconds),
      cpuShare: figure(({ cpuSeconds = NaN, seconds }) => cpuSeconds / seconds),
      p50: figure(({ latency }) => latency.p50),
      p99: figure(({ latency }) => latency.p99),
      p999: figure(({ latency }) => latency.p999),
      p50Ratio: ratio(({ latency }) => latency.p50),
      p99Ratio: ratio(({ latency }) => latency.p99),
      residentBytes: figure((sample) => sample.residentBytes),
      failed: own.reduce((sum, { failed }) => sum + failed, 0),
      dropped: dropped.get(name),
    };
  });
}

export function tableOf(
  workload: Workload,
  rows: readonly Row[],
): { tables: readonly Table[]; figures: Figures } {
  const { name, purpose, unit, yardstick } = workload;
  const columns = [
    "contender",
    `${unit}s/s`,
    `CPU µs per ${unit}`,
    `× ${yardstick}`,
    "CPU s",
    "p50 ms",
    "p99 ms",
    "p99.9 ms",
    `p99 × ${yardstick}`,
    "RSS MB",
    "failed",
  ];
  const table = { title: `${name}: ${purpose}`, columns, rows: rows.map((row) => cellsOf(row)) };
  const figures = Object.fromEntries(rows.map((row) => [row.contender, figuresOf(row)]));
  return { tables: [table], figures: { unit, ...figures } };
}

function cellsOf(row: Row): string[] {
  const { residentBytes, failed } = row;
  return [
    row.contender,
    formatFigure(row.rate),
    formatFigure(row.cpuMicros),
    formatFigure(row.ratio),
    formatNumber(row.cpuSeconds?.median),
    formatNumber(row.p50?.median),
    formatFigure(row.p99),
    formatNumber(row.p999?.median),
    formatNumber(row.p99Ratio?.median),
    formatNumber(residentBytes === undefined ? undefined : megabytes(residentBytes.median)),
    String(failed),
  ];
}

function figuresOf({ contender: _contender, version, failed, dropped, ...measured }: Row): Figures {
  const figures = Object.entries(measured).flatMap(([name, figure]) =>
    figure === undefined ? [] : [[name, roundedFigure(figure)] as const],
  );
  const ended = dropped === undefined ? {} : { dropped };
  return { version, ...Object.fromEntries(figures), failed, ...ended };
}

/** As it goes into a results file. */
export function roundedFigure({ median, min, max }: Figure): Figures {
  return { median: rounded(median), min: rounded(min), max: rounded(max) };
}
