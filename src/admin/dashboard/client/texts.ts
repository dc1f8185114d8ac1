const ageUnits = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
] as const;

/** A stretch of time in its largest sensible unit: `12 s`, `3 min`; never negative. */
export function ageText(ms: number): string {
  if (!Number.isFinite(ms)) return "never";
  const unit = ageUnits.find(([, unitMs]) => ms >= unitMs);
  return unit === undefined ? "0 s" : `${Math.floor(ms / unit[1])} ${unit[0]}`;
}

const steps = ["", "k", "M", "G", "T"] as const;

/** A count or rate in at most five characters: `0`, `7.5`, `12.3k`. */
export function countText(value: number): string {
  let rest = value;
  let step = 0;
  while (rest >= 999.5 && step < steps.length - 1) {
    rest /= 1000;
    step += 1;
  }
  const isWhole = Number.isInteger(rest) || rest >= 99.95;
  return `${isWhole ? Math.round(rest) : rest.toFixed(1)}${steps[step] ?? ""}`;
}

/** Bytes per second: `0`, `512 B`, `1.2 kB`. */
export function bytesText(perSecond: number): string {
  if (perSecond === 0) return "0";
  const text = countText(perSecond);
  const unit = /[kMGT]$/.exec(text)?.[0] ?? "";
  return `${unit === "" ? text : text.slice(0, -1)} ${unit}B`;
}

/** A time of day in the reader's own zone. */
export function timeText(ms: number): string {
  return new Date(ms).toLocaleTimeString();
}
