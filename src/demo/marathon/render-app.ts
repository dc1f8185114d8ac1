import { type AppDefinition, servicePortsOf } from "./app-definition.ts";
import type { App } from "./cluster-state.ts";
import type { DialectRules } from "./dialect.ts";
import { type JsonObject, textAt, withoutNulls } from "./fields.ts";
import { renderPorts } from "./render-ports.ts";
import { renderTask } from "./render-task.ts";
import { isHealthy } from "./task.ts";

/** What is laid into an app besides its definition; counts and deployments always are. */
export interface Embed {
  readonly tasks: boolean;
  readonly lastTaskFailure: boolean;
  readonly readiness: boolean;
}

/** An app as the list and app endpoints answer it. */
export function renderApp(app: App, rules: DialectRules, embed: Embed): JsonObject {
  return {
    ...renderDefinition(app.definition, rules),
    ...countTasks(app),
    deployments: app.deployments.map((id) => ({ id })),
    ...(embed.tasks ? { tasks: app.tasks.map((task) => renderTask(task, rules)) } : {}),
    ...(embed.readiness ? { readinessCheckResults: [] } : {}),
    ...(embed.lastTaskFailure ? renderFailure(app) : {}),
    ...app.overrides,
  };
}

/** A definition alone, as versions, groups and `api_post_event` carry it. */
export function renderDefinition(app: AppDefinition, rules: DialectRules): JsonObject {
  const { id, instances, version, labels, lastScalingAt, lastConfigChangeAt } = app;
  const settings = rules.legacyApps ? app.settings : withoutNulls(app.settings);
  return {
    id,
    ...defaultsOf(rules),
    ...settings,
    instances,
    labels,
    healthChecks: app.healthChecks.map((check) => renderHealthCheck(check, rules)),
    ...renderPorts(app, rules),
    version,
    versionInfo: { lastScalingAt, lastConfigChangeAt },
  };
}

/** A health check with its defaults filled in. */
export function renderHealthCheck(check: JsonObject, rules: DialectRules): JsonObject {
  const isHttp = (textAt(check, "protocol") ?? "HTTP").includes("HTTP");
  return {
    gracePeriodSeconds: 300,
    intervalSeconds: 60,
    timeoutSeconds: 20,
    maxConsecutiveFailures: 3,
    ...(check["port"] === undefined ? { portIndex: 0 } : {}),
    protocol: "HTTP",
    ...(isHttp ? { path: "/", ignoreHttp1xx: false } : {}),
    ...(rules.legacyApps ? {} : { delaySeconds: 15 }),
    ...(rules.arraysAlways ? { ipProtocol: "IPv4" } : {}),
    ...check,
  };
}

/** Marathon's service ports of an app in this dialect. */
export function servicePortsIn(app: App, rules: DialectRules): readonly number[] {
  return servicePortsOf(app.definition, rules.legacyApps);
}

function countTasks({ tasks }: App): JsonObject {
  const count = (states: readonly string[]): number =>
    tasks.filter((task) => states.includes(task.state)).length;
  return {
    tasksStaged: count(["TASK_STAGING", "TASK_STARTING"]),
    tasksRunning: count(["TASK_RUNNING"]),
    tasksHealthy: tasks.filter((task) => isHealthy(task) === true).length,
    tasksUnhealthy: tasks.filter((task) => isHealthy(task) === false).length,
  };
}

function renderFailure({ lastTaskFailure }: App): JsonObject {
  if (lastTaskFailure === undefined) return {};
  const { task, message, timestamp } = lastTaskFailure;
  const { appId, host, state, id: taskId, version, agentId: slaveId } = task;
  return {
    lastTaskFailure: { appId, host, message, state, taskId, timestamp, version, slaveId },
  };
}

function defaultsOf(rules: DialectRules): JsonObject {
  if (!rules.legacyApps) return { ...everyEra, ...modern, ...(rules.roles ? { role: "*" } : {}) };
  return { ...everyEra, ...nulls, ...(rules.instances ? { ...nullsOf14 } : {}) };
}

const everyEra = {
  env: {},
  cpus: 1,
  mem: 128,
  disk: 0,
  executor: "",
  constraints: [],
  fetch: [],
  backoffSeconds: 1,
  backoffFactor: 1.15,
  maxLaunchDelaySeconds: 3600,
  dependencies: [],
  upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
} as const;

const nulls = {
  cmd: null,
  args: null,
  user: null,
  uris: [],
  storeUrls: [],
  readinessChecks: [],
  acceptedResourceRoles: null,
  residency: null,
} as const;

const nullsOf14 = {
  gpus: 0,
  secrets: {},
  taskKillGracePeriodSeconds: null,
  unreachableStrategy: { inactiveAfterSeconds: 300, expungeAfterSeconds: 600 },
  killSelection: "YOUNGEST_FIRST",
} as const;

const modern = {
  gpus: 0,
  killSelection: "YOUNGEST_FIRST",
  unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
} as const;
