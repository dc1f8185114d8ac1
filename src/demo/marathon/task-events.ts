import type { JsonObject } from "./fields.ts";
import type { MarathonEvent, Stamp } from "./events.ts";
import { renderAddresses } from "./render-task.ts";
import { type Task, conditionOf, isHealthy } from "./task.ts";

/** What Mesos said of a task, and from 1.4 the new condition of its instance. */
export function taskChanged(stamp: Stamp, task: Task, message = ""): readonly MarathonEvent[] {
  return [statusUpdate(stamp, task, message), ...instanceChanged(stamp, task)];
}

/** What precedes the first status of a task: nothing at first, its instance from 1.4, its schedule from 1.8. */
export function taskStaged(stamp: Stamp, task: Task): readonly MarathonEvent[] {
  if (!stamp.rules.stableInstances) return instanceChanged(stamp, task, "Created");
  const unplaced = { agentId: null, host: null };
  return [
    ...instanceChanged(stamp, task, "Scheduled").map((event) => ({ ...event, ...unplaced })),
    ...instanceChanged(stamp, task, "Provisioned"),
  ];
}

/** Both announcements of one change of health; `before` and `after` are Marathon's verdicts. */
export function healthChanged(
  stamp: Stamp,
  task: Task,
  before: boolean | undefined,
): readonly MarathonEvent[] {
  const after = isHealthy(task);
  if (after === before) return [];
  const events: MarathonEvent[] = [];
  if (after !== undefined) events.push(healthStatusChanged(stamp, task, after));
  if (stamp.rules.instances) events.push(instanceHealthChanged(stamp, task, after));
  return events;
}

/** One failed probe. */
export function probeFailed(stamp: Stamp, task: Task, healthCheck: JsonObject): MarathonEvent {
  const { rules, at } = stamp;
  const eventType = "failed_health_check_event";
  const { appId, id, instanceId } = task;
  if (!rules.legacyApps) {
    // The key says task and the value is an instance, in every release since 1.5. [marathon: failed_health_check_event]
    return { appId, eventType, healthCheck, taskId: instanceId, timestamp: at };
  }
  const subject = rules.instances ? { instanceId } : { taskId: id };
  return { appId, ...subject, healthCheck, eventType, timestamp: at };
}

/** A task killed because its checks kept failing. */
export function unhealthyKill(stamp: Stamp, task: Task, reason: string): MarathonEvent {
  const { appId, id: taskId, instanceId, version, host, agentId: slaveId } = task;
  const rest = { version, reason, host, slaveId };
  return stamp.rules.instances
    ? { appId, taskId, instanceId, ...rest, ...tail("unhealthy_instance_kill_event", stamp) }
    : { appId, taskId, ...rest, ...tail("unhealthy_task_kill_event", stamp) };
}

function statusUpdate(stamp: Stamp, task: Task, message: string): MarathonEvent {
  const addresses = renderAddresses(task);
  const hasAddresses = stamp.rules.instances || addresses.length > 0;
  return {
    slaveId: task.agentId,
    taskId: task.id,
    taskStatus: task.state,
    message,
    appId: task.appId,
    host: task.host,
    ...(hasAddresses ? { ipAddresses: addresses } : {}),
    ports: task.ports,
    version: task.version,
    ...tail("status_update_event", stamp),
  };
}

function instanceChanged(
  { rules, at }: Stamp,
  task: Task,
  condition: string = conditionOf(task.state),
): readonly MarathonEvent[] {
  if (!rules.instances) return [];
  const event = {
    instanceId: task.instanceId,
    condition,
    runSpecId: task.appId,
    agentId: task.agentId,
    host: task.host,
    runSpecVersion: task.version,
    timestamp: at,
    eventType: "instance_changed_event",
  };
  return [event];
}

function healthStatusChanged(stamp: Stamp, task: Task, alive: boolean): MarathonEvent {
  const { appId, version } = task;
  const subject = stamp.rules.instances ? { instanceId: task.instanceId } : { taskId: task.id };
  return { appId, ...subject, version, alive, ...tail("health_status_changed_event", stamp) };
}

function instanceHealthChanged(
  { at }: Stamp,
  task: Task,
  healthy: boolean | undefined,
): MarathonEvent {
  return {
    instanceId: task.instanceId,
    runSpecId: task.appId,
    healthy: healthy ?? null,
    runSpecVersion: task.version,
    timestamp: at,
    eventType: "instance_health_changed_event",
  };
}

function tail(eventType: string, { at }: Stamp): MarathonEvent {
  return { eventType, timestamp: at };
}
