/** A task of the model; all run on one agent, told apart by their ports. */
export interface ModelTask {
  readonly id: string;
  readonly port: number;
  /** What Marathon's check says; null when it has not reported. */
  alive: boolean | null;
  state: "TASK_RUNNING" | "TASK_KILLING";
}

export interface ModelApp {
  readonly id: string;
  port: number;
  /** The text of its weight label, good or bad; undefined without one. */
  weight: string | undefined;
  configuredAt: number;
  tasks: ModelTask[];
}

export const agent = "10.0.0.1";

/** What really runs: a cluster so simple that it cannot be wrong. */
export class ModelCluster {
  readonly apps: Map<string, ModelApp> = new Map();
  /** False while no list can be read; events may come all the same. */
  isReadable: boolean = true;
  #launched = 0;

  /** Creates an app, or gives it another port or label, which makes it a newer version. */
  put(id: string, port: number, now: number): ModelApp {
    const known = this.apps.get(id);
    const fresh = { id, port, weight: undefined, configuredAt: now, tasks: [] };
    const app = known ?? fresh;
    app.port = port;
    app.configuredAt = now;
    this.apps.set(id, app);
    return app;
  }

  /** Starts a healthy task on the lowest port that is free, so that addresses are used again. */
  launch(app: ModelApp): ModelTask {
    const used = new Set([...this.apps.values()].flatMap(({ tasks }) => tasks.map(portOf)));
    let port = 31_000;
    while (used.has(port)) port += 1;
    this.#launched += 1;
    const id = `${app.id.slice(1)}.${this.#launched}`;
    const task: ModelTask = { id, port, alive: true, state: "TASK_RUNNING" };
    app.tasks.push(task);
    return task;
  }

  /** The nth task over all apps, counted around; undefined when nothing runs. */
  taskAt(index: number): { readonly app: ModelApp; readonly task: ModelTask } | undefined {
    const all = [...this.apps.values()].flatMap((app) => app.tasks.map((task) => ({ app, task })));
    return all[index % Math.max(1, all.length)];
  }

  /** `GET /v2/apps` as Marathon 1.10 would answer it, of the apps that `shown` lets through. */
  document(shown: (app: ModelApp) => boolean = () => true): unknown {
    return { apps: [...this.apps.values()].filter(shown).map(toJson) };
  }
}

function portOf({ port }: ModelTask): number {
  return port;
}

function toJson({ id, port, weight, configuredAt, tasks }: ModelApp): unknown {
  return {
    id,
    networks: [{ mode: "host" }],
    portDefinitions: [{ port, protocol: "tcp", labels: {} }],
    labels: weight === undefined ? {} : { "portolan.0.weight": weight },
    healthChecks: [{ protocol: "TCP", portIndex: 0 }],
    versionInfo: { lastConfigChangeAt: new Date(configuredAt).toISOString() },
    version: new Date(configuredAt).toISOString(),
    tasks: tasks.map((task) => ({
      id: task.id,
      host: agent,
      ports: [task.port],
      state: task.state,
      startedAt: new Date(configuredAt).toISOString(),
      healthCheckResults: task.alive === null ? [] : [{ alive: task.alive }],
    })),
  };
}
