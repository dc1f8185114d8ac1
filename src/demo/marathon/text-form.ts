import { hasServicePorts } from "./app-definition.ts";
import type { App, ClusterState } from "./cluster-state.ts";
import type { DialectRules } from "./dialect.ts";
import { safeId } from "./ids.ts";
import type { Task } from "./task.ts";

/** `/v2/tasks` as text: per app and service port one line of running tasks, each field followed by TAB. [marathon: text/plain tasks] */
export function renderTextTasks(state: ClusterState, rules: DialectRules): string {
  return [...state.apps.values()].flatMap((app) => renderLines(app, rules)).join("");
}

function renderLines(app: App, rules: DialectRules): readonly string[] {
  const { definition } = app;
  const tasks = app.tasks.filter((task) => task.state === "TASK_RUNNING");
  if (!hasServicePorts(definition, rules.legacyApps)) return [];
  const name = safeId(definition.id);
  if (definition.ports.length === 0) {
    const hosts = tasks.map((task) => task.host).toSorted();
    return [
      `${name}\t \t${hosts.map((host) => host + (rules.textHostSeparator ?? "\t")).join("")}\n`,
    ];
  }
  return definition.ports.map((port, index) => {
    const addresses = tasks.map((task) => addressOf(task, app, { index, rules })).toSorted();
    return `${name}\t${port.servicePort}\t${addresses.map((address) => `${address}\t`).join("")}\n`;
  });
}

/** The index-th declared port of a task; the task's ports count only declarations that have a host port. */
function addressOf(
  task: Task,
  { definition: { ports, network } }: App,
  { index, rules }: { readonly index: number; readonly rules: DialectRules },
): string {
  const port = ports[index];
  const isAllocated = network.mode !== "container" || port?.hostPort !== undefined;
  if (!isAllocated) {
    const ip = task.ipAddresses[0];
    // 1.5 prints the agent with port 0 here, which no client can dial. [marathon: text/plain tasks]
    return rules.legacyApps && ip !== undefined
      ? `${ip}:${port?.containerPort ?? 0}`
      : `${task.host}:0`;
  }
  const allocated = ports.slice(0, index).filter((other) => other.hostPort !== undefined).length;
  const position = network.mode === "host" ? index : allocated;
  return `${task.host}:${task.ports[position] ?? 0}`;
}
