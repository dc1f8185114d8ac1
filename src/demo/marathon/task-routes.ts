import { type Answer, errorPage, failure, json, text } from "./answers.ts";
import { type Call, noApp } from "./call.ts";
import type { App } from "./cluster-state.ts";
import { accepts } from "./exchange.ts";
import { renderTask } from "./render-task.ts";
import type { Task } from "./task.ts";
import { renderTextTasks } from "./text-form.ts";

/** `/v2/tasks`. */
export function routeTasks(call: Call): Answer | undefined {
  const { exchange, method, query, core, state, rest } = call;
  const { rules } = core.settings;
  if (method !== "GET" || rest.length > 0) return undefined;
  if (accepts(exchange, "text/plain")) {
    if (rules.textHostSeparator === undefined) {
      return failure(rules, 406, "text/plain is not supported");
    }
    return text(200, renderTextTasks(state, rules));
  }
  const statuses = [...query.getAll("status"), ...query.getAll("status[]")];
  return json(rules, 200, core.lists.tasks(state, statuses));
}

/** `/v2/apps/{id}/tasks[/{task}]`; the id may be `group/*`. */
export function routeAppTasks(
  call: Call,
  id: string,
  tail: readonly string[],
): Answer | undefined | Promise<Answer> {
  const { method, state } = call;
  const apps = matching(state.apps, id);
  if (apps.length === 0 && !id.endsWith("/*")) return noApp(call, id);
  const tasks = apps.flatMap((app) => app.tasks);
  const [taskId] = tail;
  if (method === "GET" && taskId === undefined) return listTasks(call, tasks);
  if (method !== "DELETE") return undefined;
  const chosen =
    taskId === undefined ? onHost(tasks, call) : tasks.filter((task) => task.id === taskId);
  if (taskId !== undefined && chosen.length === 0) {
    return failure(call.core.settings.rules, 404, `Task '${taskId}' does not exist`);
  }
  return killTasks(call, chosen, taskId === undefined);
}

function matching(apps: ReadonlyMap<string, App>, id: string): readonly App[] {
  if (!id.endsWith("/*")) return [apps.get(id)].filter((app) => app !== undefined);
  return [...apps.values()].filter((app) => app.definition.id.startsWith(id.slice(0, -1)));
}

function listTasks(call: Call, tasks: readonly Task[]): Answer {
  const { exchange, core } = call;
  const { rules } = core.settings;
  if (accepts(exchange, "text/plain"))
    return errorPage(406, exchange.url.pathname, "Not Acceptable");
  return json(rules, 200, { tasks: tasks.map((task) => renderTask(task, rules)) });
}

function onHost(tasks: readonly Task[], { query }: Call): readonly Task[] {
  const host = query.get("host");
  return host === null ? tasks : tasks.filter((task) => task.host === host);
}

/** Answers with the tasks as they were; the kills go on, as Marathon's do. */
async function killTasks(call: Call, chosen: readonly Task[], isList: boolean): Promise<Answer> {
  const { core, query } = call;
  const { rules } = core.settings;
  const rendered = chosen.map((task) => renderTask(task, rules));
  const [first] = chosen;
  if (query.get("scale") === "true" && first !== undefined) {
    const app = core.cluster.state.apps.get(first.appId);
    const instances = Math.max(0, (app?.definition.instances ?? 0) - chosen.length);
    core.apps.patch(first.appId, { instances }, { force: true });
  }
  await Promise.all(chosen.map((task) => core.runner.kill(task.id)));
  return json(rules, 200, isList ? { tasks: rendered } : { task: rendered[0] });
}
