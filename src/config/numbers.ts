import { isPort } from "../model/address.ts";
import { formatDuration, longestTimerMs, parseDuration } from "../model/duration.ts";
import type { Reader } from "./reader.ts";
import { refused, textOf } from "./reader.ts";
import type { PortRange } from "./settings.ts";

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

/**
 * Reads `30` (seconds), `30s`, `500ms`, `2m` or `1h` into whole ms within bounds, never more than a timer holds. A
 * `least` of 0 is for options that take it as off: no timer may be set to it.
 */
export function duration({ least, most }: Bounds): Reader<number> {
  const mostMs = Math.min(most, longestTimerMs);
  return {
    takes: "value",
    accepts: `a time from ${formatDuration(least)} to ${formatDuration(mostMs)}, such as 30 (seconds), 500ms, 30s, 2m or 1h`,
    parse(raw) {
      const value = parseDuration(textOf(raw) ?? "");
      return value !== undefined && value >= least && value <= mostMs
        ? { kind: "value", value }
        : refused(raw);
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
