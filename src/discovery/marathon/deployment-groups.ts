import { taskVerdict } from "./task-health.ts";
import type { WireApp, WireTask } from "./wire.ts";

/** One of the apps that together are one deployment, as the labels of marathon-lb's `zdd` tell. */
interface Member {
  readonly app: WireApp;
  readonly startedAt: number;
  /** How many tasks the deployment is to have in the end. */
  readonly target: number;
}

/**
 * The apps with the tasks marked as being stopped that their deployment has replaced. [marathon-lb: deployment groups]
 * Of two apps of one group that share a service port, as many tasks of the older one drain as the newer one has healthy
 * ones, as long as the two together keep the number that is wanted. Apps in different folders never touch each other,
 * whatever their labels say. An app without such tasks stays the same object.
 */
export function withReplacedDraining(apps: readonly WireApp[]): readonly WireApp[] {
  const labelled = apps.filter(
    ({ labels }) => labels.has("HAPROXY_DEPLOYMENT_GROUP") && labels.has("HAPROXY_0_PORT"),
  );
  const groups = Map.groupBy(labelled, groupOf).values();
  const replaced = new Set([...groups].flatMap((group) => replacedTasks(group.map(memberOf))));
  if (replaced.size === 0) return apps;
  return apps.map((app) => {
    const { tasks } = app;
    if (tasks === undefined || !tasks.some((task) => replaced.has(task))) return app;
    return { ...app, tasks: tasks.map((task) => (replaced.has(task) ? draining(task) : task)) };
  });
}

function groupOf({ id, labels }: WireApp): string {
  const folder = id.slice(0, id.lastIndexOf("/"));
  return JSON.stringify([
    folder,
    labels.get("HAPROXY_DEPLOYMENT_GROUP"),
    labels.get("HAPROXY_0_PORT"),
  ]);
}

function memberOf(app: WireApp): Member {
  const startedAt = Date.parse(app.labels.get("HAPROXY_DEPLOYMENT_STARTED_AT") ?? "");
  const target = app.labels.get("HAPROXY_DEPLOYMENT_TARGET_INSTANCES") ?? "";
  return {
    app,
    startedAt: Number.isNaN(startedAt) ? app.configuredAt : startedAt,
    // Without a number to keep nothing may be taken away.
    target: /^\d{1,9}$/.test(target) ? Number(target) : Number.POSITIVE_INFINITY,
  };
}

function replacedTasks(members: readonly Member[]): readonly WireTask[] {
  const [newest, ...older] = members.toSorted((one, other) => other.startedAt - one.startedAt);
  if (newest === undefined || older.length === 0) return [];
  const old = older.flatMap(({ app }) => (app.tasks ?? []).filter((task) => isServing(app, task)));
  const healthy = (newest.app.tasks ?? []).filter((task) => isHealthy(newest.app, task)).length;
  const spare = Math.max(0, healthy + old.length - newest.target);
  // The same ones each time, on every host.
  return old
    .toSorted((one, other) => (one.id < other.id ? -1 : 1))
    .slice(0, Math.min(healthy, spare));
}

function isServing({ healthChecks }: WireApp, task: WireTask): boolean {
  return taskVerdict(task, healthChecks) !== undefined;
}

function isHealthy({ healthChecks }: WireApp, task: WireTask): boolean {
  const verdict = taskVerdict(task, healthChecks);
  return verdict?.health === "up" && !verdict.draining;
}

function draining(task: WireTask): WireTask {
  return { ...task, state: "TASK_KILLING" };
}
