import { appTerminated, healthCheckRemoved } from "./app-events.ts";
import { type App, findTask } from "./cluster-state.ts";
import type { Cluster } from "./cluster.ts";
import type { Executor } from "./executor.ts";
import { makeTaskId, nextIncarnation } from "./ids.ts";
import { taskChanged } from "./task-events.ts";
import { type Task, hasEnded } from "./task.ts";
import type { TaskEnd, Tasks } from "./tasks.ts";

const terminated = "Command terminated with signal Terminated";

/** How one task is ended. */
export interface KillOptions extends TaskEnd {
  /** Announce TASK_KILLING first; default as the dialect does. */
  readonly killing?: boolean;
}

/** Starts and ends single tasks, by an executor where there is one. */
export class TaskRunner {
  readonly #cluster: Cluster;
  readonly #tasks: Tasks;
  readonly #executor: Executor | undefined;

  constructor(cluster: Cluster, tasks: Tasks, executor: Executor | undefined) {
    this.#cluster = cluster;
    this.#tasks = tasks;
    this.#executor = executor;
  }

  /** Launches one task of the app and, since the executor says it can be reached, reports its checks as passed. */
  async launch({ definition, tasks }: App): Promise<void> {
    if (this.#executor === undefined) return;
    const { rules, random } = this.#cluster;
    const ended = tasks.find((task) => hasEnded(task.state));
    const id = ended ? nextIncarnation(ended.id) : makeTaskId(definition.id, rules, random);
    const { host, ports, ipAddress } = await this.#executor.launch(definition, id);
    if (!this.#cluster.state.apps.has(definition.id)) {
      await this.#executor.kill(id);
      return;
    }
    if (ended !== undefined) this.#tasks.forget(ended.id);
    this.#tasks.add(definition.id, {
      id,
      host,
      ports,
      version: definition.version,
      ...(ipAddress === undefined ? {} : { ipAddresses: [ipAddress] }),
      ...(definition.healthChecks.length > 0 ? { health: true } : {}),
    });
  }

  /** Ends one task; nothing happens to one that is already gone. */
  async kill(taskId: string, options: KillOptions = {}): Promise<void> {
    const { killing = this.#cluster.rules.announcesKilling, unhealthy } = options;
    if (findTask(this.#cluster.state, taskId) === undefined) return;
    if (unhealthy !== undefined) this.#tasks.announceUnhealthy(taskId, unhealthy);
    if (killing) this.#tasks.set(taskId, "TASK_KILLING");
    await this.#executor?.kill(taskId);
    if (findTask(this.#cluster.state, taskId) === undefined) return;
    this.#tasks.set(taskId, "TASK_KILLED", options.message ?? terminated);
  }

  /** Ends the tasks of an app that is no longer in the state. */
  async killAll(removed: App): Promise<void> {
    if (this.#cluster.rules.announcesKilling) {
      for (const task of removed.tasks) this.#tell({ ...task, state: "TASK_KILLING" });
    }
    await Promise.all(removed.tasks.map(async (task) => this.#executor?.kill(task.id)));
    this.#tellGone(removed);
  }

  /** Ends the tasks of a removed app at once, where nothing real runs. */
  dropAll(removed: App): void {
    if (this.#cluster.rules.announcesKilling) {
      for (const task of removed.tasks) this.#tell({ ...task, state: "TASK_KILLING" });
    }
    this.#tellGone(removed);
  }

  #tellGone({ definition, tasks }: App): void {
    for (const task of tasks) this.#tell({ ...task, state: "TASK_KILLED" }, terminated);
    const { stamp } = this.#cluster;
    const checks = definition.healthChecks.map(() => healthCheckRemoved(stamp, definition.id));
    this.#cluster.emit(...checks, appTerminated(stamp, definition.id));
  }

  #tell(task: Task, message = ""): void {
    this.#cluster.emit(...taskChanged(this.#cluster.stamp, task, message));
  }
}
