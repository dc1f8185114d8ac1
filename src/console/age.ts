const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
] as const;

/** A stretch of time in its largest sensible unit: `350 ms`, `12 s`, `3 min`; `?` when it is not known. */
export function ageText(ms: number): string {
  if (!Number.isFinite(ms)) return "?";
  const unit = units.find(([, unitMs]) => ms >= unitMs);
  if (unit === undefined) return `${Math.max(0, Math.round(ms))} ms`;
  return `${Math.floor(ms / unit[1])} ${unit[0]}`;
}
