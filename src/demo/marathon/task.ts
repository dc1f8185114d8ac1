import type { JsonObject } from "./fields.ts";

/** What Mesos says of a task; the list endpoints show some of these under another name. */
export type TaskState =
  | "TASK_STAGING"
  | "TASK_STARTING"
  | "TASK_RUNNING"
  | "TASK_KILLING"
  | "TASK_KILLED"
  | "TASK_FINISHED"
  | "TASK_FAILED"
  | "TASK_ERROR"
  | "TASK_LOST"
  | "TASK_UNREACHABLE"
  | "TASK_GONE"
  | "TASK_GONE_BY_OPERATOR"
  | "TASK_DROPPED"
  | "TASK_UNKNOWN";

/** What Marathon remembers of one health check of one task. */
export interface HealthResult {
  readonly alive: boolean;
  readonly consecutiveFailures: number;
  readonly firstSuccess: string | undefined;
  readonly lastSuccess: string | undefined;
  readonly lastFailure: string | undefined;
  readonly lastFailureCause: string | undefined;
}

/** One task, as the cluster holds it; how it looks on the wire is up to the dialect. */
export interface Task {
  readonly id: string;
  readonly instanceId: string;
  readonly appId: string;
  readonly host: string;
  readonly agentId: string;
  /** Allocated host ports, in the order of the declarations that have one. */
  readonly ports: readonly number[];
  /** Known from TASK_RUNNING on. */
  readonly ipAddresses: readonly string[];
  readonly state: TaskState;
  /** The app version it was launched with. */
  readonly version: string;
  readonly stagedAt: string;
  readonly startedAt: string | undefined;
  /** One result per check that has reported. */
  readonly health: readonly HealthResult[];
  /** Laid over the rendered task, so that a test can make Marathon say odd things. */
  readonly overrides: JsonObject;
}

const conditions = {
  TASK_STAGING: "Staging",
  TASK_STARTING: "Starting",
  TASK_RUNNING: "Running",
  TASK_KILLING: "Killing",
  TASK_KILLED: "Killed",
  TASK_FINISHED: "Finished",
  TASK_FAILED: "Failed",
  TASK_ERROR: "Error",
  TASK_LOST: "Unreachable",
  TASK_UNREACHABLE: "Unreachable",
  TASK_GONE: "Gone",
  TASK_GONE_BY_OPERATOR: "Gone",
  TASK_DROPPED: "Dropped",
  TASK_UNKNOWN: "Unknown",
} as const satisfies Record<TaskState, string>;

const ended: ReadonlySet<string> = new Set(
  "Killed Finished Failed Error Gone Dropped Unknown".split(" "),
);

/** The condition of an instance whose task is in this state. */
export function conditionOf(state: TaskState): string {
  return conditions[state];
}

/** True when a task in this state will never run again. */
export function hasEnded(state: TaskState): boolean {
  return ended.has(conditions[state]);
}

/** The name under which the list endpoints show a state. */
export function listedState(state: TaskState): TaskState {
  if (state === "TASK_LOST") return "TASK_UNREACHABLE";
  return state === "TASK_GONE_BY_OPERATOR" ? "TASK_GONE" : state;
}

/** Marathon's own verdict: true or false once a check has reported, undefined before. */
export function isHealthy(task: Task): boolean | undefined {
  return task.health.length === 0 ? undefined : task.health.every((result) => result.alive);
}

/** What is there of a check once a probe has failed within the grace period, and before any has counted. */
export const unrecorded: HealthResult = Object.freeze({
  alive: false,
  consecutiveFailures: 0,
  firstSuccess: undefined,
  lastSuccess: undefined,
  lastFailure: undefined,
  lastFailureCause: undefined,
});

/** The result after one more probe; a single failure makes it not alive. [marathon: healthCheckResults] */
export function observeProbe(
  before: HealthResult | undefined,
  alive: boolean,
  at: string,
): HealthResult {
  if (alive) {
    const firstSuccess = before?.firstSuccess ?? at;
    const { lastFailure, lastFailureCause } = before ?? {};
    return {
      alive,
      consecutiveFailures: 0,
      firstSuccess,
      lastSuccess: at,
      lastFailure,
      lastFailureCause,
    };
  }
  return {
    alive,
    consecutiveFailures: (before?.consecutiveFailures ?? 0) + 1,
    firstSuccess: before?.firstSuccess,
    lastSuccess: before?.lastSuccess,
    lastFailure: at,
    lastFailureCause: "ConnectionAttemptFailedException",
  };
}
