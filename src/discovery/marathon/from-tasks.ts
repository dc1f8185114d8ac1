import { noLabels } from "../labels/labels.ts";
import type { WirePort } from "./definition.ts";
import { checksUnknown } from "./health-checks.ts";
import type { ListedTask, WireApp, WireTask } from "./wire.ts";

/**
 * Apps with the tasks of `/v2/tasks` put into them, for a Marathon that did not embed them. An app that only its
 * tasks know is made up from these.
 */
export function joinTasks(
  apps: readonly WireApp[],
  listed: readonly ListedTask[],
): readonly WireApp[] {
  const tasksOf = byApp(listed);
  const known = new Set(apps.map((app) => app.id));
  const strangers = listed.filter(({ app }) => !known.has(app));
  return [
    ...apps.map((app) => ({ ...app, tasks: app.tasks ?? tasksOf.get(app.id) ?? [] })),
    ...fromTasks(strangers),
  ];
}

/** App definitions made up from tasks alone: their service ports as TCP, and no word on health checks. */
export function fromTasks(listed: readonly ListedTask[]): readonly WireApp[] {
  return [...byApp(listed)].map(([id, tasks]) => ({
    id,
    configuredAt: oldestVersion(tasks),
    version: 0,
    network: "host",
    portMappings: [],
    portDefinitions: longestPorts(tasks).map(tcpPort),
    ...checksUnknown,
    ...noLabels,
    tasks,
  }));
}

function byApp(listed: readonly ListedTask[]): ReadonlyMap<string, readonly WireTask[]> {
  const apps = new Map<string, Map<string, WireTask>>();
  for (const { app, task } of listed) {
    const tasks = apps.get(app) ?? new Map<string, WireTask>();
    if (!tasks.has(task.id)) tasks.set(task.id, task);
    apps.set(app, tasks);
  }
  return new Map([...apps].map(([app, tasks]) => [app, [...tasks.values()]]));
}

/** [marathon] Every task repeats the ports of the current definition; one that lacks some was cut short. */
function longestPorts(tasks: readonly WireTask[]): readonly (number | undefined)[] {
  let longest: readonly (number | undefined)[] = [];
  for (const { servicePorts } of tasks)
    if (servicePorts.length > longest.length) longest = servicePorts;
  return longest;
}

function oldestVersion(tasks: readonly WireTask[]): number {
  return tasks.reduce(
    (oldest, { version }) => Math.min(oldest, version ?? oldest),
    tasks[0]?.version ?? 0,
  );
}

function tcpPort(servicePort: number | undefined): WirePort {
  return {
    servicePort,
    canDeclare: true,
    containerPort: undefined,
    hasHostPort: true,
    protocols: ["tcp"],
    name: undefined,
    ...noLabels,
  };
}
