import { roundedFigure, type Row } from "../support/comparison-table.ts";
import type { Figures, Report } from "../support/report.ts";
import { type Figure, figureOf } from "../support/stats.ts";
import { formatFigure, formatNumber } from "../support/table.ts";

/** One run of one contender under a generator of somebody else. */
export interface Sample {
  readonly contender: string;
  readonly round: number;
  readonly cpuMicros: number;
  /** Units a second. */
  readonly rate: number;
  /** Of one processor. */
  readonly share: number;
}

/** What came of one question. */
export interface Answer {
  readonly name: string;
  readonly unit: string;
  readonly generator: string;
  readonly samples: readonly Sample[];
  /** What our own generator found; empty when it has no such traffic. */
  readonly own: readonly Row[];
  readonly yardstick: string;
}

interface Line {
  readonly contender: string;
  readonly rate: Figure | undefined;
  readonly cpuMicros: Figure | undefined;
  readonly share: Figure | undefined;
  readonly ratio: Figure | undefined;
  readonly ownRatio: Figure | undefined;
}

export function toReport(answers: readonly Answer[], notes: readonly string[]): Report {
  return {
    tables: answers.map((answer) => ({
      title: `cross-check: ${answer.name} (${answer.generator})`,
      columns: [
        "contender",
        `${answer.unit}s/s`,
        `CPU µs per ${answer.unit}`,
        "% of a processor",
        `× ${answer.yardstick}`,
        `× ${answer.yardstick}, our generator`,
      ],
      rows: linesOf(answer).map(({ contender, rate, cpuMicros, share, ratio, ownRatio }) => [
        contender,
        formatFigure(rate),
        formatFigure(cpuMicros),
        formatNumber(share === undefined ? undefined : 100 * share.median),
        formatFigure(ratio),
        formatFigure(ownRatio),
      ]),
    })),
    figures: Object.fromEntries(answers.map((answer) => [answer.name, figuresOf(answer)])),
    goals: [],
    notes: [
      "each contender is warmed up by the generator for a second; what a connection costs at its begin is part of the rest",
      "a proxy that is idle for most of the time sleeps and wakes more often, so compare where both are about as busy",
      ...notes,
    ],
  };
}

function linesOf({ samples, own, yardstick }: Answer): Line[] {
  const names = [...new Set(samples.map(({ contender }) => contender))];
  const costs = new Map(
    samples
      .filter(({ contender }) => contender === yardstick)
      .map(({ round, cpuMicros }) => [round, cpuMicros]),
  );
  return names.map((name) => {
    const runs = samples.filter(({ contender }) => contender === name);
    const figure = (read: (sample: Sample) => number): Figure | undefined =>
      figureOf(runs.map((sample) => read(sample)));
    return {
      contender: name,
      rate: figure(({ rate }) => rate),
      cpuMicros: figure(({ cpuMicros }) => cpuMicros),
      share: figure(({ share }) => share),
      ratio: figure(({ round, cpuMicros }) => cpuMicros / (costs.get(round) ?? NaN)),
      ownRatio: own.find(({ contender }) => contender === name)?.ratio,
    };
  });
}

function figuresOf(answer: Answer): Figures {
  const lines = linesOf(answer).map(({ contender, ...measured }) => {
    const known = Object.entries(measured).flatMap(([name, figure]) =>
      figure === undefined ? [] : [[name, roundedFigure(figure)] as const],
    );
    return [contender, Object.fromEntries(known)] as const;
  });
  const { generator, unit, yardstick } = answer;
  return { generator, unit, yardstick, ...Object.fromEntries(lines) };
}
