import type { AppDefinition } from "./app-definition.ts";
import type { JsonObject } from "./fields.ts";
import type { Task } from "./task.ts";

/** The last task of an app that ended badly, as Marathon shows it. */
interface TaskFailure {
  readonly task: Task;
  readonly message: string;
  readonly timestamp: string;
}

/** One app with everything that hangs on it. */
export interface App {
  readonly definition: AppDefinition;
  /** Newest first, the current one included. */
  readonly versions: readonly AppDefinition[];
  readonly tasks: readonly Task[];
  /** Ids of the deployments that are changing it. */
  readonly deployments: readonly string[];
  readonly lastTaskFailure: TaskFailure | undefined;
  /** Laid over the rendered app, so that a test can make Marathon say odd things. */
  readonly overrides: JsonObject;
}

/** What a deployment does to an app in one step. */
export type DeploymentAction =
  | "StartApplication"
  | "ScaleApplication"
  | "RestartApplication"
  | "StopApplication";

/** A change of one app that is being carried out. */
export interface Deployment {
  readonly id: string;
  readonly appId: string;
  readonly version: string;
  readonly steps: readonly DeploymentAction[];
}

/** Everything Marathon knows at one moment; never changed, only replaced. */
export interface ClusterState {
  readonly apps: ReadonlyMap<string, App>;
  readonly deployments: readonly Deployment[];
  /** Pod statuses as they are to be answered. */
  readonly pods: readonly JsonObject[];
  /** Version of the root group. */
  readonly version: string;
}

/** The state with one app put in place of its former self. */
export function withApp(state: ClusterState, app: App): ClusterState {
  return { ...state, apps: new Map(state.apps).set(app.definition.id, app) };
}

export function withoutApp(state: ClusterState, appId: string): ClusterState {
  const apps = new Map(state.apps);
  apps.delete(appId);
  return { ...state, apps };
}

/** The state with one task put in place of its former self; unchanged when its app is gone. */
export function withTask(state: ClusterState, task: Task): ClusterState {
  const app = state.apps.get(task.appId);
  if (app === undefined) return state;
  const isKnown = app.tasks.some(({ id }) => id === task.id);
  const tasks = isKnown
    ? app.tasks.map((other) => (other.id === task.id ? task : other))
    : [...app.tasks, task];
  return withApp(state, { ...app, tasks });
}

export function withoutTask(state: ClusterState, task: Task): ClusterState {
  const app = state.apps.get(task.appId);
  if (app === undefined) return state;
  return withApp(state, { ...app, tasks: app.tasks.filter(({ id }) => id !== task.id) });
}

export function findTask(state: ClusterState, taskId: string): Task | undefined {
  for (const app of state.apps.values()) {
    const task = app.tasks.find(({ id }) => id === taskId);
    if (task !== undefined) return task;
  }
  return undefined;
}

/** The state as a new leader knows it: every result of a health check is forgotten. [marathon: health amnesia] */
export function withoutHealth(state: ClusterState): ClusterState {
  const apps = [...state.apps].map(([id, app]): [string, App] => {
    if (app.tasks.every((task) => task.health.length === 0)) return [id, app];
    return [id, { ...app, tasks: app.tasks.map((task) => ({ ...task, health: [] })) }];
  });
  return { ...state, apps: new Map(apps) };
}

export function withDeployment(state: ClusterState, deployment: Deployment): ClusterState {
  const next = { ...state, deployments: [...state.deployments, deployment] };
  return withDeploymentIds(next, deployment.appId);
}

export function withoutDeployment(state: ClusterState, deployment: Deployment): ClusterState {
  const deployments = state.deployments.filter(({ id }) => id !== deployment.id);
  return withDeploymentIds({ ...state, deployments }, deployment.appId);
}

function withDeploymentIds(state: ClusterState, appId: string): ClusterState {
  const app = state.apps.get(appId);
  if (app === undefined) return state;
  const own = state.deployments.filter((deployment) => deployment.appId === appId);
  return withApp(state, { ...app, deployments: own.map(({ id }) => id) });
}
