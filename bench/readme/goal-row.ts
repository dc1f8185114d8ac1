import { notMeasured, short, verdictAfter } from "./figures.ts";

/** One figure of a cell; undefined was not measured. */
export interface Part {
  readonly value: number | undefined;
  /** Default: none. */
  readonly limit?: number;
  /** Default `most`. */
  readonly bound?: "least" | "most";
  readonly isDoubted?: boolean;
  readonly show: (value: number) => string;
}

export interface Row {
  readonly scenario: string;
  readonly what: string;
  readonly goal: string;
  readonly parts: readonly Part[];
}

/** All figures of a row, each with what is to be said of it. */
export function textOf({ parts }: Row): string {
  return parts.map((part) => partText(part)).join("; ");
}

function partText({ value, limit, bound = "most", isDoubted = false, show }: Part): string {
  if (value === undefined) return "–";
  if (isDoubted) return notMeasured;
  if (limit === undefined) return show(value);
  const sign = bound === "most" ? 1 : -1;
  return `${show(value)}${verdictAfter(sign * value, sign * limit)}`;
}

export const ms = (value: number): string => `${short(value)} ms`;
export const mb = (value: number): string => `${short(value)} MB`;
export const seconds = (value: number): string => `${short(value / 1000)} s`;
export const times = (value: number): string => `${value.toFixed(2)} ×`;
export const percent = (value: number): string => `${short(value)} %`;
