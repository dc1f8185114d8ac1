import type { Reader } from "./reader.ts";
import { refused, textOf } from "./reader.ts";

export const logFormats = ["auto", "json", "text"] as const;

export type LogFormat = (typeof logFormats)[number];

export const metricsDetails = ["service", "replica"] as const;

export type MetricsDetail = (typeof metricsDetails)[number];

/** Reads one of a closed list of words, in any case. */
export function choice<T extends string>(words: readonly T[]): Reader<T> {
  return {
    takes: "value",
    accepts: `one of ${words.join(", ")}`,
    parse(raw) {
      const text = textOf(raw)?.toLowerCase();
      const word = words.find((candidate) => candidate === text);
      return word === undefined ? refused(raw) : { kind: "value", value: word };
    },
    format: (word) => word,
  };
}

/** Reads `true`, `1`, `false` or `0`, in any case. */
export const onOff: Reader<boolean> = {
  takes: "nothing",
  accepts: "true, 1, false or 0",
  parse(raw) {
    const text = typeof raw === "boolean" ? String(raw) : textOf(raw)?.toLowerCase();
    if (text === "true" || text === "1") return { kind: "value", value: true };
    if (text === "false" || text === "0") return { kind: "value", value: false };
    return refused(raw);
  },
  format: String,
};
