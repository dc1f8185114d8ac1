/** The middle of several measurements and how far they lie apart. */
export interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Undefined when nothing was measured. */
export function figureOf(values: readonly number[]): Figure | undefined {
  const sorted = values.filter((value) => Number.isFinite(value)).toSorted((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) return undefined;
  return { median: percentile(sorted, 50), min, max };
}

/** The value below which `percent` of the sorted values lie, by nearest rank; NaN for none. */
export function percentile(sorted: readonly number[], percent: number): number {
  if (percent === 50 && sorted.length % 2 === 0) {
    const upper = sorted.length / 2;
    return ((sorted[upper - 1] ?? NaN) + (sorted[upper] ?? NaN)) / 2;
  }
  const rank = Math.ceil((percent / 100) * sorted.length);
  return sorted[Math.max(0, rank - 1)] ?? NaN;
}

/** Four significant digits: what lies below is noise. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
