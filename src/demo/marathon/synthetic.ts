import type { AppDefinition } from "./app-definition.ts";
import type { App } from "./cluster-state.ts";
import type { Cluster } from "./cluster.ts";
import type { JsonObject } from "./fields.ts";
import { agentIdOf, instanceIdOf, makeTaskId } from "./ids.ts";
import { servicePortRange } from "./service-ports.ts";
import { type Task, observeProbe } from "./task.ts";

/** A large cluster that was there before anyone looked. */
export interface SyntheticCluster {
  readonly apps: number;
  readonly tasksPerApp: number;
  /** Default: one of 250 agents. */
  readonly hostOf?: (app: number, task: number) => string;
  /** Default: 31 000 and up. */
  readonly portOf?: (app: number, task: number) => number;
  /** Extra bytes of JSON per task, as environment of its app; default 0. */
  readonly padBytesPerTask?: number;
}

const padLine = 80;

/** Fills the cluster with healthy tasks of host-mode apps `/group-<n>/app-<n>`, without a single event. */
export function loadSynthetic(cluster: Cluster, shape: SyntheticCluster): void {
  const version = cluster.nextVersion();
  const apps = Array.from({ length: shape.apps }, (_, index) => {
    const app = makeApp(cluster, { ...shape, index, version });
    return [app.definition.id, app] as const;
  });
  cluster.update((state) => ({ ...state, apps: new Map([...state.apps, ...apps]), version }));
}

interface AppShape extends SyntheticCluster {
  readonly index: number;
  readonly version: string;
}

function makeApp(cluster: Cluster, shape: AppShape): App {
  const { index, version, tasksPerApp } = shape;
  const id = `/group-${index % 50}/app-${index}`;
  const servicePort = servicePortRange.first + index;
  const port = { containerPort: undefined, hostPort: undefined, protocol: "tcp", name: "http" };
  const definition: AppDefinition = {
    id,
    instances: tasksPerApp,
    network: { mode: "host", name: undefined, ipPerTask: false },
    ports: [{ ...port, servicePort, labels: { VIP_0: `/app-${index}:80` } }],
    requirePorts: false,
    container: undefined,
    healthChecks: [{ protocol: "HTTP", path: "/health", portIndex: 0, intervalSeconds: 10 }],
    labels: { team: `team-${index % 20}`, environment: "production" },
    settings: { cmd: `serve --name app-${index}`, env: makeEnvironment(shape) },
    version,
    lastScalingAt: version,
    lastConfigChangeAt: version,
  };
  const tasks = Array.from({ length: tasksPerApp }, (_, task) =>
    makeTask(cluster, { ...shape, id }, task),
  );
  const rest = { deployments: [], lastTaskFailure: undefined, overrides: {} };
  return { definition, versions: [definition], tasks, ...rest };
}

function makeTask(
  cluster: Cluster,
  shape: AppShape & { readonly id: string },
  index: number,
): Task {
  const { hostOf = defaultHost, portOf = defaultPort } = shape;
  const { rules, random, now } = cluster;
  const host = hostOf(shape.index, index);
  const id = makeTaskId(shape.id, rules, random);
  return {
    id,
    instanceId: instanceIdOf(id),
    appId: shape.id,
    host,
    agentId: agentIdOf(host),
    ports: [portOf(shape.index, index)],
    ipAddresses: [host],
    state: "TASK_RUNNING",
    version: shape.version,
    stagedAt: now,
    startedAt: now,
    health: [observeProbe(undefined, true, now)],
    overrides: {},
  };
}

function makeEnvironment({ index, tasksPerApp, padBytesPerTask = 0 }: AppShape): JsonObject {
  const lines = Math.floor((padBytesPerTask * tasksPerApp) / padLine);
  const padding = Array.from({ length: lines }, (_, line) => {
    const name = `SETTING_${line}`;
    return [name, "x".repeat(Math.max(0, padLine - name.length - 6))];
  });
  return { NAME: `app-${index}`, ...Object.fromEntries(padding) };
}

function defaultHost(app: number, task: number): string {
  return `10.0.0.${((app * 7 + task) % 250) + 1}`;
}

function defaultPort(app: number, task: number): number {
  return 31_000 + ((app * 31 + task) % 30_000);
}
