import { printable } from "../../model/problem.ts";
import type { Health } from "../../model/replica.ts";
import type { WireTask } from "./wire.ts";

/** Marathon's verdict on one task. */
export interface TaskVerdict {
  readonly health: Health;
  /** Why, in a few words. */
  readonly reason: string;
  readonly draining: boolean;
  /** Only there while it does not run yet: whoever answers at its address is the one before it. */
  readonly isStarting?: true;
}

const endedStates = new Set([
  "TASK_KILLED",
  "TASK_FINISHED",
  "TASK_FAILED",
  "TASK_ERROR",
  "TASK_GONE",
  "TASK_GONE_BY_OPERATOR",
  "TASK_DROPPED",
]);

const startingStates: ReadonlySet<string | undefined> = new Set(["TASK_STAGING", "TASK_STARTING"]);

const pausedReasons: ReadonlyMap<string, string> = new Map([
  // [marathon §7.5] These may still run and may come back: not knowing is not the same as knowing it is gone.
  ["TASK_UNREACHABLE", "task is unreachable"],
  ["TASK_LOST", "task is lost"],
  ["TASK_UNKNOWN", "task state is unknown"],
]);

/** True for a Mesos state that a task never leaves. */
export function isEnded(state: string | undefined): boolean {
  return state !== undefined && endedStates.has(state);
}

/** The verdict on a task; undefined when it has ended. `declared` is the app's number of checks, if known. */
export function taskVerdict(task: WireTask, declared: number | undefined): TaskVerdict | undefined {
  const { state } = task;
  if (isEnded(state)) return undefined;
  if (state === "TASK_KILLING") return { ...checkVerdict(task.checks, declared), draining: true };
  if (startingStates.has(state) || (state === undefined && !seemsRunning(task))) {
    const reason = state === "TASK_STARTING" ? "task is starting" : "task is staging";
    return { health: "unknown", reason, draining: false, isStarting: true };
  }
  if (state !== undefined && state !== "TASK_RUNNING") {
    const reason = pausedReasons.get(state) ?? `task state is ${printable(state, 40)}`;
    return { health: "unknown", reason, draining: false };
  }
  return { ...checkVerdict(task.checks, declared), draining: false };
}

/** [marathon ≤1.2] Without a state, a task runs once it has a start time; a check that passed proves the same. */
function seemsRunning(task: WireTask): boolean {
  return task.startedAt !== undefined || task.checks.includes(true);
}

function checkVerdict(
  checks: readonly (boolean | undefined)[],
  declared: number | undefined,
): { readonly health: Health; readonly reason: string } {
  const expected = Math.max(declared ?? 0, checks.length);
  if (expected === 0) return { health: "up", reason: "running, no checks declared" };
  if (checks.includes(false)) return { health: "down", reason: "a check fails" };
  const reported = checks.filter((alive) => alive === true).length;
  if (reported < expected)
    return { health: "unknown", reason: `${reported} of ${expected} checks have reported` };
  return {
    health: "up",
    reason: expected === 1 ? "its check passes" : `all ${expected} checks pass`,
  };
}
