import { isIPv6 } from "node:net";
import type { DialectRules } from "./dialect.ts";
import type { JsonObject } from "./fields.ts";
import { type HealthResult, type Task, hasEnded, listedState } from "./task.ts";

/** A task in a list. `servicePorts` are those of its app's current definition, and only `/v2/tasks` has them. */
export function renderTask(
  task: Task,
  rules: DialectRules,
  servicePorts: readonly number[] = [],
): JsonObject {
  const inactive = rules.instances && hasEnded(task.state);
  const addresses = renderAddresses(task);
  const hasAddresses = rules.ipAddressesAlways || addresses.length > 0;
  return {
    ...(hasAddresses ? { ipAddresses: addresses } : {}),
    stagedAt: task.stagedAt,
    ...(rules.taskState ? { state: listedState(task.state) } : {}),
    ports: inactive ? [] : task.ports,
    ...renderStart(task, rules),
    ...(inactive ? {} : { version: task.version }),
    id: task.id,
    appId: task.appId,
    slaveId: task.agentId,
    host: task.host,
    ...renderLists(task, rules, servicePorts),
    ...(rules.roles ? { role: "*" } : {}),
    ...task.overrides,
  };
}

export function renderAddresses(
  task: Task,
): readonly { readonly ipAddress: string; readonly protocol: string }[] {
  return task.ipAddresses.map((ipAddress) => ({
    ipAddress,
    protocol: isIPv6(ipAddress) ? "IPv6" : "IPv4",
  }));
}

function renderStart({ startedAt }: Task, rules: DialectRules): JsonObject {
  if (startedAt !== undefined) return { startedAt };
  return rules.arraysAlways ? {} : { startedAt: null };
}

function renderLists(task: Task, rules: DialectRules, servicePorts: readonly number[]): JsonObject {
  const healthCheckResults = task.health.map((result) => renderResult(result, task, rules));
  if (rules.arraysAlways) return { healthCheckResults, servicePorts, localVolumes: [] };
  return {
    ...(healthCheckResults.length > 0 ? { healthCheckResults } : {}),
    ...(servicePorts.length > 0 ? { servicePorts } : {}),
  };
}

function renderResult(result: HealthResult, task: Task, rules: DialectRules): JsonObject {
  const unset = rules.arraysAlways ? undefined : null;
  return {
    alive: result.alive,
    consecutiveFailures: result.consecutiveFailures,
    firstSuccess: result.firstSuccess ?? unset,
    lastFailure: result.lastFailure ?? unset,
    lastSuccess: result.lastSuccess ?? unset,
    lastFailureCause: result.lastFailureCause ?? unset,
    ...(rules.instances ? { instanceId: task.instanceId } : { taskId: task.id }),
  };
}
