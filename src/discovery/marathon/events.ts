import { fieldsOf, listOf, textOf, timeOf } from "../fields.ts";
import type { Fields } from "../fields.ts";
import { isEnded } from "./task-health.ts";
import { appIdOf } from "./wire.ts";

/** What an event says beyond "look again"; `at` is Marathon's own time of it (ms since the epoch). */
export type MarathonEvent =
  | { readonly kind: "attached" }
  /** `apps` are the only ones concerned; absent when anything may have changed. */
  | { readonly kind: "changed"; readonly apps?: readonly string[] }
  | TaskEvent
  | { readonly kind: "app-gone"; readonly app: string; readonly at: number | undefined }
  | { readonly kind: "app-back"; readonly app: string }
  | { readonly kind: "group-changed"; readonly group: string };

/** A task that is being stopped or has ended, named by its own id, its instance's id, or both. */
export interface TaskEvent {
  readonly kind: "task";
  readonly state: "killing" | "ended";
  readonly task: string | undefined;
  readonly instance: string | undefined;
  readonly at: number | undefined;
  /** The only app concerned; absent when it does not say. */
  readonly apps?: readonly string[];
}

/**
 * The event types worth waking up for. Marathon ≥ 1.3.7 sends nothing else when asked for these, which keeps
 * a stream small enough never to be dropped as a slow reader [marathon: event_type filter].
 */
export const eventTypes = [
  "event_stream_attached",
  "status_update_event",
  "health_status_changed_event",
  "instance_health_changed_event",
  "instance_changed_event",
  "unknown_instance_terminated_event",
  "unhealthy_task_kill_event",
  "unhealthy_instance_kill_event",
  "api_post_event",
  "group_change_success",
  "app_terminated_event",
  "deployment_success",
  "deployment_failed",
  "deployment_step_success",
] as const;

const known: ReadonlySet<string> = new Set(eventTypes);
const endedConditions = new Set(["Killed", "Failed", "Finished", "Error", "Gone", "Dropped"]);

/**
 * Reads one event; undefined when it concerns nobody here. A payload that cannot be read still says "look again".
 * [marathon ≤0.10] An unnamed event (`message`) carries its type in the payload only.
 */
export function readEvent(name: string, data: unknown): MarathonEvent | undefined {
  const fields = fieldsOf(parsed(data));
  const type = name === "message" ? textOf(fields["eventType"]) : name;
  if (type === undefined || !known.has(type)) return undefined;
  const read = readers.get(type);
  return read === undefined ? { kind: "changed", ...concerned(fields) } : read(fields);
}

/** The apps that alone may be different after an event; undefined when anything may be. */
export function appsOf(event: MarathonEvent): readonly string[] | undefined {
  if (event.kind === "app-back") return [event.app];
  return event.kind === "changed" || event.kind === "task" ? event.apps : undefined;
}

/**
 * The id of the instance that a task belongs to, as instance events spell it. [marathon: Task.Id]
 * 1.8+ `app.instance-U._app.3` → `app.instance-U`; ≤1.7 `app.U` and, resident, `app.U.3` → `app.marathon-U`.
 */
export function instanceOf(task: string): string {
  const named = /^(.+\.(?:instance-|marathon-)[^_.]+)[._].+$/.exec(task);
  if (named?.[1] !== undefined) return named[1];
  const legacy = /^(.+?)[._]([^_.]+)(?:\.\d+)?$/.exec(task);
  return legacy === null ? task : `${legacy[1]}.marathon-${legacy[2]}`;
}

const readers: ReadonlyMap<string, (fields: Fields) => MarathonEvent> = new Map<
  string,
  (fields: Fields) => MarathonEvent
>([
  ["event_stream_attached", () => ({ kind: "attached" })],
  ["status_update_event", statusUpdate],
  ["instance_changed_event", instanceChanged],
  ["unknown_instance_terminated_event", (fields) => taskEvent("ended", fields)],
  ["unhealthy_task_kill_event", (fields) => taskEvent("killing", fields)],
  ["unhealthy_instance_kill_event", (fields) => taskEvent("killing", fields)],
  ["app_terminated_event", appTerminated],
  ["api_post_event", appPosted],
  ["group_change_success", groupChanged],
]);

function statusUpdate(fields: Fields): MarathonEvent {
  const state = textOf(fields["taskStatus"]);
  if (state === "TASK_KILLING") return taskEvent("killing", fields);
  return isEnded(state) ? taskEvent("ended", fields) : { kind: "changed", ...concerned(fields) };
}

function instanceChanged(fields: Fields): MarathonEvent {
  const condition = textOf(fields["condition"]) ?? "";
  if (condition === "Killing") return taskEvent("killing", fields);
  if (endedConditions.has(condition)) return taskEvent("ended", fields);
  return { kind: "changed", ...concerned(fields) };
}

function taskEvent(state: TaskEvent["state"], fields: Fields): MarathonEvent {
  const task = textOf(fields["taskId"]);
  const instance = textOf(fields["instanceId"]);
  const apps = concerned(fields);
  if (task === undefined && instance === undefined) return { kind: "changed", ...apps };
  return { kind: "task", state, task, instance, at: timeOf(fields["timestamp"]), ...apps };
}

function appTerminated(fields: Fields): MarathonEvent {
  const app = appIdOf(fields["appId"]);
  return app === undefined
    ? { kind: "changed" }
    : { kind: "app-gone", app, at: timeOf(fields["timestamp"]) };
}

function appPosted(fields: Fields): MarathonEvent {
  const app = appIdOf(fieldsOf(fields["appDefinition"])["id"]);
  return app === undefined ? { kind: "changed" } : { kind: "app-back", app };
}

function groupChanged(fields: Fields): MarathonEvent {
  const group = textOf(fields["groupId"]);
  return group === undefined ? { kind: "changed" } : { kind: "group-changed", group };
}

/** [marathon] The app by the name each event gives it, or those that a deployment's plan acts on. */
function concerned(fields: Fields): { readonly apps?: readonly string[] } {
  const named = fields["appId"] ?? fields["runSpecId"];
  const steps = listOf(fieldsOf(fields["plan"])["steps"]);
  const actions = steps.flatMap((step) => listOf(fieldsOf(step)["actions"])).map(fieldsOf);
  const names = named === undefined ? actions.map(({ app, pod }) => app ?? pod) : [named];
  const apps = names.map(appIdOf).filter((app) => app !== undefined);
  return apps.length === 0 || apps.length < names.length ? {} : { apps: [...new Set(apps)] };
}

function parsed(data: unknown): unknown {
  if (typeof data !== "string") return undefined;
  try {
    return JSON.parse(data);
  } catch {
    // Not JSON: the event's name alone still says that something changed.
    return undefined;
  }
}
