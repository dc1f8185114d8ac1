import type { App, ClusterState } from "./cluster-state.ts";
import type { DialectRules } from "./dialect.ts";
import type { JsonObject } from "./fields.ts";
import { type Embed, renderApp, servicePortsIn } from "./render-app.ts";
import { renderTask } from "./render-task.ts";
import { type Task, conditionOf } from "./task.ts";

/** Which apps a list shows, and with what. */
export interface AppsQuery {
  /** Names the query; the same name must mean the same query. */
  readonly key: string;
  readonly embed: Embed;
  readonly selects: (app: App) => boolean;
}

const bodiesKept = 8;

/**
 * The two large lists as bytes. Each app is rendered once per state it is in, each body once per state of the
 * cluster, so that a list of tens of megabytes costs little more than its bytes when asked for again.
 */
export class RenderedLists {
  readonly #rules: DialectRules;
  readonly #fragments = new Map<string, WeakMap<App, Buffer>>();
  readonly #bodies = new Map<string, { readonly state: ClusterState; readonly body: Buffer }>();

  constructor(rules: DialectRules) {
    this.#rules = rules;
  }

  /** The body of `/v2/apps`. */
  apps(state: ClusterState, { key, embed, selects }: AppsQuery): Buffer {
    return this.#body(`apps ${key}`, state, () => {
      const shape = JSON.stringify(embed);
      const render = (app: App): string => JSON.stringify(renderApp(app, this.#rules, embed));
      const chosen = [...state.apps.values()].filter(selects);
      return joined(
        "apps",
        chosen.map((app) => this.#fragment(shape, app, render)),
      );
    });
  }

  /** The body of `/v2/tasks`; no valid status means every task. */
  tasks(state: ClusterState, statuses: readonly string[]): Buffer {
    const wanted = wantedConditions(statuses);
    const shape = `tasks ${wanted.join()}`;
    return this.#body(shape, state, () => {
      const render = (app: App): string => this.#renderTasks(app, wanted);
      const parts = [...state.apps.values()].map((app) => this.#fragment(shape, app, render));
      return joined(
        "tasks",
        parts.filter((part) => part.length > 0),
      );
    });
  }

  #renderTasks(app: App, wanted: readonly string[]): string {
    const servicePorts = servicePortsIn(app, this.#rules);
    return selectTasks(app.tasks, wanted)
      .map((task): JsonObject => renderTask(task, this.#rules, servicePorts))
      .map((task) => JSON.stringify(task))
      .join(",");
  }

  #fragment(shape: string, app: App, render: (app: App) => string): Buffer {
    const known = this.#fragments.get(shape) ?? new WeakMap<App, Buffer>();
    this.#fragments.set(shape, known);
    const fragment = known.get(app) ?? Buffer.from(render(app));
    known.set(app, fragment);
    return fragment;
  }

  #body(key: string, state: ClusterState, build: () => Buffer): Buffer {
    const known = this.#bodies.get(key);
    if (known?.state === state) return known.body;
    const body = build();
    this.#bodies.delete(key);
    this.#bodies.set(key, { state, body });
    const [oldest] = this.#bodies.keys();
    if (this.#bodies.size > bodiesKept && oldest !== undefined) this.#bodies.delete(oldest);
    return body;
  }
}

/** The conditions asked for by `status`; other words are ignored. [marathon: /v2/tasks status] */
function wantedConditions(statuses: readonly string[]): readonly string[] {
  const known: Readonly<Record<string, string>> = { running: "Running", staging: "Staging" };
  return statuses.map((status) => known[status.toLowerCase()] ?? "").filter((name) => name !== "");
}

function selectTasks(tasks: readonly Task[], wanted: readonly string[]): readonly Task[] {
  if (wanted.length === 0) return tasks;
  return tasks.filter((task) => wanted.includes(conditionOf(task.state)));
}

function joined(name: string, parts: readonly Buffer[]): Buffer {
  const comma = Buffer.from(",");
  const body = parts.flatMap((part, index) => (index === 0 ? [part] : [comma, part]));
  return Buffer.concat([Buffer.from(`{"${name}":[`), ...body, Buffer.from("]}")]);
}
