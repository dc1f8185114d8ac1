import type { Reader } from "./reader.ts";
import { refused, textOf } from "./reader.ts";

export const logFormats = ["auto", "json", "text"] as const;

export type LogFormat = (typeof logFormats)[number];

export const accessLogs = ["off", "json", "httplog", "tcplog"] as const;

export type AccessLogFormat = (typeof accessLogs)[number];

export const metricsDetails = ["service", "replica"] as const;

export type MetricsDetail = (typeof metricsDetails)[number];

export const fileNamings = ["readme", "mmsd"] as const;

export type FileNaming = (typeof fileNamings)[number];

export const sourceNames = ["marathon", "registrator", "consul", "file", "dns", "docker"] as const;

export type SourceName = (typeof sourceNames)[number];

/** Reads a comma list of some of a closed list of words; those that are left out follow in their own order. */
export function ranking<T extends string>(words: readonly T[]): Reader<readonly T[]> {
  return {
    takes: "values",
    accepts: `some of ${words.join(", ")}, separated by commas`,
    parse(raw) {
      const texts: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
      const items = texts.flatMap((text) => (textOf(text) ?? "").toLowerCase().split(","));
      const given = items.map((item) => words.find((word) => word === item.trim()));
      const known = given.filter((word) => word !== undefined);
      if (known.length < given.length) return refused(raw);
      return { kind: "value", value: Object.freeze([...new Set([...known, ...words])]) };
    },
    format: (ranked) => ranked.join(","),
  };
}

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
