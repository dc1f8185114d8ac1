import { isPort } from "../model/address.ts";
import type { Reader } from "./reader.ts";
import { refused, textOf } from "./reader.ts";
import type { PortRange } from "./settings.ts";

/** Longest time a timer can hold; beyond it Node fires at once. */
const longestTimerMs = 2 ** 31 - 1;

export interface Bounds {
  readonly least: number;
  readonly most: number;
}

/** Reads a whole number within bounds. */
export function wholeNumber(bounds: Bounds): Reader<number> {
  return {
    takes: "value",
    accepts: `a whole number from ${bounds.least} to ${bounds.most}`,
    parse(raw) {
      const text = textOf(raw);
      const value = text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      return value >= bounds.least && value <= bounds.most
        ? { kind: "value", value }
        : refused(raw);
    },
    format: String,
  };
}

/** Reads a whole number within bounds, or the word `auto`. */
export function wholeNumberOrAuto(bounds: Bounds): Reader<number | "auto"> {
  const number = wholeNumber(bounds);
  return {
    takes: "value",
    accepts: `${number.accepts}, or auto`,
    parse: (raw) =>
      textOf(raw)?.toLowerCase() === "auto" ? { kind: "value", value: "auto" } : number.parse(raw),
    format: String,
  };
}

const unitsMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** Reads `30` (seconds), `30s`, `500ms`, `2m` or `1h` into whole ms within bounds; never 0, never more than a timer holds. */
export function duration({ least, most }: Bounds): Reader<number> {
  const leastMs = Math.max(least, 1);
  const mostMs = Math.min(most, longestTimerMs);
  return {
    takes: "value",
    accepts: `a time from ${formatDuration(leastMs)} to ${formatDuration(mostMs)}, such as 30 (seconds), 500ms, 30s, 2m or 1h`,
    parse(raw) {
      const value = milliseconds(textOf(raw) ?? "");
      return value >= leastMs && value <= mostMs ? { kind: "value", value } : refused(raw);
    },
    format: formatDuration,
  };
}

/** Reads `first-last`, or one port for a range of one. */
export const ports: Reader<PortRange> = {
  takes: "value",
  accepts: "a range of ports within 1-65535, such as 10000-20000",
  parse(raw) {
    const match = /^(\d{1,5})(?:\s*-\s*(\d{1,5}))?$/.exec(textOf(raw) ?? "");
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    return isPort(first) && isPort(last) && first <= last
      ? { kind: "value", value: Object.freeze({ first, last }) }
      : refused(raw);
  },
  format: ({ first, last }) => `${first}-${last}`,
};

function milliseconds(text: string): number {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s*(ms|s|m|h)?$/i.exec(text);
  if (match === null) return Number.NaN;
  const unit = match[2]?.toLowerCase();
  const unitMs = unit === "ms" || unit === "m" || unit === "h" ? unitsMs[unit] : unitsMs.s;
  return Math.round(Number(match[1]) * unitMs);
}

/** The largest unit that divides it evenly: 60 000 → `1m`, 1500 → `1500ms`. */
function formatDuration(ms: number): string {
  if (ms % unitsMs.h === 0) return `${ms / unitsMs.h}h`;
  if (ms % unitsMs.m === 0) return `${ms / unitsMs.m}m`;
  return ms % unitsMs.s === 0 ? `${ms / unitsMs.s}s` : `${ms}ms`;
}
