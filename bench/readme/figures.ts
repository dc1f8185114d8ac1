/** In place of a figure of which the run itself says that it tells nothing. */
export const notMeasured = "not measured";

/** Three significant digits and no zeros behind them; whole above a thousand, in groups. */
export function short(value: number | undefined): string {
  if (value === undefined) return "–";
  const kept = Math.abs(value) < 1000 ? Number(value.toPrecision(3)) : Math.round(value);
  return kept.toLocaleString("en", { maximumFractionDigits: 4 }).replace("-", "−");
}

/** What is said behind a figure; nothing when it is within its limit. */
export function verdictAfter(value: number, limit: number): string {
  return value > limit ? ", missed" : "";
}
