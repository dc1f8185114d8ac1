import { isIP } from "node:net";
import { type App, findTask, withApp, withTask, withoutTask } from "./cluster-state.ts";
import type { Cluster } from "./cluster.ts";
import { agentIdOf, instanceIdOf, makeTaskId } from "./ids.ts";
import {
  healthChanged,
  probeFailed,
  taskChanged,
  taskStaged,
  unhealthyKill,
} from "./task-events.ts";
import {
  type Task,
  type TaskState,
  hasEnded,
  isHealthy,
  observeProbe,
  unrecorded,
} from "./task.ts";
import type { JsonObject } from "./fields.ts";
import { renderHealthCheck } from "./render-app.ts";

/** A task to be placed; what is left out gets what Marathon would give it. */
export interface TaskPlacement {
  readonly id?: string;
  readonly host: string;
  readonly ports: readonly number[];
  /** Default TASK_RUNNING; the states before it are passed through with their events. */
  readonly state?: TaskState;
  /** Default: the host in host mode when it is an address, otherwise none. */
  readonly ipAddresses?: readonly string[];
  /** Default: no check has reported yet. */
  readonly health?: boolean;
  /** Default: the app's current version. */
  readonly version?: string;
  /** Fields laid over the rendered task; undefined removes one. */
  readonly overrides?: JsonObject;
}

/** What ends a task. */
export interface TaskEnd {
  readonly message?: string;
  /** Set when Marathon kills it because its checks fail: the reason given in the event. */
  readonly unhealthy?: string;
}

/** Changes of single tasks, each with the events Marathon sends for it; tells `onEnded` of each task that is over. */
export class Tasks {
  readonly #cluster: Cluster;
  onEnded: (task: Task) => void = () => undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  find(taskId: string): Task {
    const task = findTask(this.#cluster.state, taskId);
    if (task === undefined) throw new Error(`no task ${taskId}`);
    return task;
  }

  add(appId: string, placement: TaskPlacement): Task {
    const app = this.#app(appId);
    const task = this.#makeTask(app, placement);
    this.#cluster.update((state) => withTask(state, task));
    this.#cluster.emit(...taskStaged(this.#cluster.stamp, task));
    const addresses = placement.ipAddresses ?? defaultAddresses(app, task);
    const wanted = placement.state ?? "TASK_RUNNING";
    const last = stepsTo(wanted, this.#cluster.rules.legacyApps).reduce(
      (current, state) => this.#change({ ...current, state }, addresses),
      task,
    );
    return placement.health === undefined ? last : this.#observe(last, placement.health);
  }

  /** Moves a task to another state; an ended one leaves the lists, except where instances outlive their tasks. */
  set(taskId: string, state: TaskState, message = ""): void {
    const task = { ...this.find(taskId), state };
    this.#change(task, task.ipAddresses, message);
    if (!hasEnded(state)) return;
    this.#cluster.update((before) => {
      const isListed = this.#cluster.rules.stableInstances && state !== "TASK_KILLED";
      const rest = isListed ? before : withoutTask(before, task);
      const app = rest.apps.get(task.appId);
      if (app === undefined || state === "TASK_KILLED") return rest;
      const lastTaskFailure = { task, message, timestamp: this.#cluster.now };
      return withApp(rest, { ...app, lastTaskFailure });
    });
    this.onEnded(task);
  }

  /** Records one probe of every check of the task; null forgets every result. */
  setHealth(taskId: string, alive: boolean | null): void {
    this.#observe(this.find(taskId), alive);
  }

  /** Records that every check of the task failed within its grace period: only a check that never reported shows it. */
  ignoreFailure(taskId: string): void {
    const task = this.find(taskId);
    const count = Math.max(1, this.#app(task.appId).definition.healthChecks.length);
    const health = Array.from({ length: count }, (_, index) => task.health[index] ?? unrecorded);
    this.#cluster.update((state) => withTask(state, { ...task, health }));
  }

  /** Announces why an unhealthy task is about to be killed. */
  announceUnhealthy(taskId: string, reason: string): void {
    this.#cluster.emit(unhealthyKill(this.#cluster.stamp, this.find(taskId), reason));
  }

  override(taskId: string, overrides: JsonObject): void {
    const task = { ...this.find(taskId), overrides };
    this.#cluster.update((state) => withTask(state, task));
  }

  /** Forgets a task that ended without leaving. */
  forget(taskId: string): void {
    const task = findTask(this.#cluster.state, taskId);
    if (task !== undefined) this.#cluster.update((state) => withoutTask(state, task));
  }

  #makeTask(app: App, placement: TaskPlacement): Task {
    const { rules, random, now } = this.#cluster;
    const appId = app.definition.id;
    const id = placement.id ?? makeTaskId(appId, rules, random);
    return {
      id,
      instanceId: instanceIdOf(id),
      appId,
      host: placement.host,
      agentId: agentIdOf(placement.host),
      ports: placement.ports,
      ipAddresses: [],
      state: "TASK_STAGING",
      version: placement.version ?? app.definition.version,
      stagedAt: now,
      startedAt: undefined,
      health: [],
      overrides: placement.overrides ?? {},
    };
  }

  #change(task: Task, ipAddresses: readonly string[], message = ""): Task {
    const isRunning = task.state === "TASK_RUNNING";
    const startedAt = task.startedAt ?? (isRunning ? this.#cluster.now : undefined);
    const next = { ...task, startedAt, ...(isRunning ? { ipAddresses } : {}) };
    this.#cluster.update((state) => withTask(state, next));
    this.#cluster.emit(...taskChanged(this.#cluster.stamp, next, message));
    return next;
  }

  #observe(task: Task, alive: boolean | null): Task {
    const { now, rules } = this.#cluster;
    const checks = this.#app(task.appId).definition.healthChecks;
    const count = Math.max(1, checks.length);
    const results = Array.from({ length: count }, (_, index) => task.health[index]);
    const health = alive === null ? [] : results.map((result) => observeProbe(result, alive, now));
    const next = { ...task, health };
    this.#cluster.update((state) => withTask(state, next));
    const { stamp } = this.#cluster;
    if (alive === false) {
      const failed = checks.map((check) => renderHealthCheck(check, rules));
      this.#cluster.emit(...failed.map((check) => probeFailed(stamp, next, check)));
    }
    this.#cluster.emit(...healthChanged(stamp, next, isHealthy(task)));
    return next;
  }

  #app(appId: string): App {
    const app = this.#cluster.state.apps.get(appId);
    if (app === undefined) throw new Error(`no app ${appId}`);
    return app;
  }
}

/** The states a task passes after staging, each with a status update. */
function stepsTo(wanted: TaskState, legacy: boolean): readonly TaskState[] {
  if (wanted === "TASK_STAGING") return [];
  if (wanted === "TASK_STARTING") return [wanted];
  const steps: TaskState[] = legacy ? ["TASK_RUNNING"] : ["TASK_STARTING", "TASK_RUNNING"];
  return wanted === "TASK_RUNNING" ? steps : [...steps, wanted];
}

function defaultAddresses(app: App, task: Task): readonly string[] {
  const isOwn = app.definition.network.mode === "host" && isIP(task.host) !== 0;
  return isOwn ? [task.host] : [];
}
