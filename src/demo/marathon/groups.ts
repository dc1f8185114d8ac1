import type { App, ClusterState } from "./cluster-state.ts";
import type { DialectRules } from "./dialect.ts";
import type { JsonObject } from "./fields.ts";
import { renderDefinition } from "./render-app.ts";
import { renderTask } from "./render-task.ts";

/** What a group answer is to contain. */
export interface GroupEmbed {
  readonly groups: boolean;
  readonly apps: boolean;
  readonly tasks: boolean;
  readonly pods: boolean;
}

/** What a group shows when nothing is asked for: everything but tasks. */
export const wholeGroup: GroupEmbed = { groups: true, apps: true, tasks: false, pods: true };

/** The group with this path (`/` is the root) as a tree; undefined when no app is in or below it. */
export function renderGroup(
  path: string,
  state: ClusterState,
  shape: { readonly rules: DialectRules; readonly embed: GroupEmbed },
): JsonObject | undefined {
  const prefix = path === "/" ? "/" : `${path}/`;
  const inside = [...state.apps.values()].filter(({ definition }) =>
    definition.id.startsWith(prefix),
  );
  if (inside.length === 0 && path !== "/") return undefined;
  return renderNode(path, inside, { ...shape, version: state.version });
}

interface NodeShape {
  readonly rules: DialectRules;
  readonly embed: GroupEmbed;
  readonly version: string;
}

function renderNode(path: string, apps: readonly App[], shape: NodeShape): JsonObject {
  const { rules, embed, version } = shape;
  const below = new Map<string, App[]>();
  const direct: App[] = [];
  const start = path === "/" ? 1 : path.length + 1;
  for (const app of apps) {
    const slash = app.definition.id.indexOf("/", start);
    if (slash < 0) direct.push(app);
    else append(below, app.definition.id.slice(0, slash), app);
  }
  return {
    id: path,
    ...(embed.apps ? { apps: direct.map((app) => renderMember(app, shape)) } : {}),
    ...(embed.groups
      ? { groups: [...below].map(([id, list]) => renderNode(id, list, shape)) }
      : {}),
    ...(embed.pods && rules.pods ? { pods: [] } : {}),
    dependencies: [],
    version,
  };
}

function renderMember(app: App, { rules, embed }: NodeShape): JsonObject {
  const definition = renderDefinition(app.definition, rules);
  if (!embed.tasks) return definition;
  return { ...definition, tasks: app.tasks.map((task) => renderTask(task, rules)) };
}

function append(groups: Map<string, App[]>, id: string, app: App): void {
  const list = groups.get(id);
  if (list === undefined) groups.set(id, [app]);
  else list.push(app);
}
