import type { CheckPolicy } from "../model/check.ts";
import type { ProbeResult } from "./probes/probe.ts";

/** What our own probes say of one target. */
export interface Checked {
  /** `unchecked` until the first answer that counts. */
  readonly state: "unchecked" | "up" | "down";
  /** The answer that brought it into its state. */
  readonly because: string;
  /** True when that answer needed no repetition, so that its opposite needs none either. */
  readonly isDecided: boolean;
  /** True when the newest bad answer was none: what a broken network of this host would look like. */
  readonly isSilent: boolean;
  /** Answers in a row that contradict the state. */
  readonly against: number;
  /** When the older of the last two answers came, if both were good; undefined otherwise. */
  readonly wellSince: number | undefined;
  /** The newest answer, and when it came, in ms of a clock that never goes back. */
  readonly last:
    | { readonly isGood: boolean; readonly reason: string; readonly at: number }
    | undefined;
}

/** Before the first answer. */
export const unchecked: Checked = Object.freeze({
  state: "unchecked",
  because: "not probed yet",
  isDecided: false,
  isSilent: false,
  against: 0,
  wellSince: undefined,
  last: undefined,
});

/**
 * Takes one answer into account: `rise` good ones in a row bring a target up, `fall` bad ones take it down, the first
 * one of all decides alone, and so does one that needs no repetition. What says nothing of the target changes nothing.
 */
export function weigh(
  before: Checked,
  result: ProbeResult,
  { rise, fall, now }: Pick<CheckPolicy, "rise" | "fall"> & { readonly now: number },
): Checked {
  if (result.kind === "void") return before;
  const state = result.kind === "good" ? "up" : "down";
  const isRun = result.kind === "good" && before.last?.isGood === true;
  const heard = {
    last: { isGood: state === "up", reason: result.reason, at: now },
    wellSince: isRun ? before.last.at : undefined,
    isSilent: result.kind === "bad" ? result.silent : before.isSilent,
  };
  if (before.state === state) return { ...before, ...heard, against: 0 };
  const against = before.against + 1;
  if (against < needed(before, result, { rise, fall })) return { ...before, ...heard, against };
  const isDecided = result.kind === "bad" && result.decisive;
  return { state, because: result.reason, isDecided, against: 0, ...heard };
}

/** Answers in a row that it takes to change the state. */
function needed(
  before: Checked,
  result: Exclude<ProbeResult, { kind: "void" }>,
  { rise, fall }: Pick<CheckPolicy, "rise" | "fall">,
): number {
  if (before.state === "unchecked") return 1;
  if (result.kind === "bad") return result.decisive ? 1 : fall;
  return before.isDecided ? 1 : rise;
}
