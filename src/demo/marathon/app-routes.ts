import { type Answer, failure, json } from "./answers.ts";
import type { AppChange } from "./apps.ts";
import { type Call, noApp } from "./call.ts";
import type { App } from "./cluster-state.ts";
import { isObject, textAt } from "./fields.ts";
import { parseLabelSelector } from "./label-selector.ts";
import { absolute } from "./parse-app.ts";
import { type Embed, renderApp, renderDefinition } from "./render-app.ts";
import type { AppsQuery } from "./rendered-lists.ts";
import { routeAppTasks } from "./task-routes.ts";

/** `/v2/apps` and everything below it. */
export function routeApps(call: Call): Answer | undefined | Promise<Answer | undefined> {
  const { method, rest } = call;
  if (rest.length === 0) return method === "POST" ? postApp(call) : listApps(call);
  const { id, suffix, tail } = splitPath(rest);
  if (suffix === "tasks") return routeAppTasks(call, id, tail);
  if (suffix === "versions") return getVersions(call, id, tail);
  if (suffix === "restart") return restartApp(call, id);
  return routeApp(call, id);
}

function routeApp(call: Call, id: string): Answer | undefined {
  const { method, state, core } = call;
  if (method === "PUT") return putApp(call, id);
  if (method === "DELETE") return answerChange(call, core.apps.delete(id, requestOf(call)), id);
  if (method !== "GET") return undefined;
  const { rules } = core.settings;
  const embed: Embed = { tasks: true, lastTaskFailure: true, readiness: false };
  if (id.endsWith("/*")) {
    const inside = [...state.apps.values()].filter((app) =>
      app.definition.id.startsWith(id.slice(0, -1)),
    );
    return json(rules, 200, { "*": inside.map((app) => renderApp(app, rules, embed)) });
  }
  const app = state.apps.get(id);
  return app === undefined
    ? noApp(call, id)
    : json(rules, 200, { app: renderApp(app, rules, embed) });
}

/** Everything up to the last of the words that are no part of an id. */
function splitPath(rest: readonly string[]): {
  readonly id: string;
  readonly suffix: string | undefined;
  readonly tail: readonly string[];
} {
  const at = rest.findLastIndex(
    (word, index) => index > 0 && ["tasks", "versions", "restart"].includes(word),
  );
  if (at < 0) return { id: absolute(rest.join("/")), suffix: undefined, tail: [] };
  const id = absolute(rest.slice(0, at).join("/"));
  return { id, suffix: rest[at], tail: rest.slice(at + 1) };
}

function listApps(call: Call): Answer | undefined {
  if (call.method !== "GET") return undefined;
  const { rules } = call.core.settings;
  const query = parseQuery(call.query);
  if (query === undefined) return failure(rules, 422, "Can not parse label selector");
  return json(rules, 200, call.core.lists.apps(call.state, query));
}

function parseQuery(query: URLSearchParams): AppsQuery | undefined {
  const [id, cmd, label] = [query.get("id"), query.get("cmd"), query.get("label")];
  const selects = label === null ? (): boolean => true : parseLabelSelector(label);
  if (selects === undefined) return undefined;
  const embed = parseEmbed(query.getAll("embed"));
  return {
    key: JSON.stringify([embed, id, cmd, label]),
    embed,
    selects: ({ definition }: App): boolean => {
      const isNamed = id === null || definition.id.toLowerCase().includes(id.toLowerCase());
      const isCommand = cmd === null || (textAt(definition.settings, "cmd") ?? "").includes(cmd);
      return isNamed && isCommand && selects(definition.labels);
    },
  };
}

/** Prefixes are interchangeable, unknown values are ignored. [marathon: embed] */
function parseEmbed(values: readonly string[]): Embed {
  const wanted = new Set(values.map((value) => value.replace(/^(?:group\.)?(?:apps|app)\./, "")));
  return {
    tasks: wanted.has("tasks") || wanted.has("failures"),
    lastTaskFailure: wanted.has("lastTaskFailure") || wanted.has("failures"),
    readiness: wanted.has("readiness"),
  };
}

function postApp(call: Call): Answer {
  const { body, core, state } = call;
  const id = isObject(body) && typeof body["id"] === "string" ? absolute(body["id"]) : undefined;
  if (id !== undefined && state.apps.has(id)) {
    return failure(core.settings.rules, 409, `An app with id [${id}] already exists.`);
  }
  return answerChange(call, core.apps.put(body, requestOf(call)));
}

function putApp(call: Call, id: string): Answer {
  const { body, query, core } = call;
  if (!isObject(body)) return failure(core.settings.rules, 400, "Invalid JSON");
  const request = requestOf(call);
  const isPartial = query.get("partialUpdate") !== "false";
  const change = isPartial
    ? core.apps.patch(id, body, request)
    : core.apps.put({ ...body, id }, request);
  return answerChange(call, change);
}

function restartApp(call: Call, id: string): Answer | undefined {
  if (call.method !== "POST") return undefined;
  const change = call.core.apps.restart(id, { force: call.query.get("force") === "true" });
  return answerChange(call, change, id);
}

function getVersions(call: Call, id: string, tail: readonly string[]): Answer | undefined {
  const { rules } = call.core.settings;
  const app = call.state.apps.get(id);
  if (call.method !== "GET") return undefined;
  if (app === undefined) return noApp(call, id);
  const [wanted] = tail;
  if (wanted === undefined) {
    return json(rules, 200, { versions: app.versions.map(({ version }) => version) });
  }
  const found = app.versions.find(({ version }) => version === wanted);
  return found === undefined
    ? failure(rules, 404, `App '${id}' does not exist in version ${wanted}`)
    : json(rules, 200, renderDefinition(found, rules));
}

/** Turns the outcome of a change into Marathon's answer to it. */
function answerChange(call: Call, change: AppChange, id = "/"): Answer {
  const { rules } = call.core.settings;
  switch (change.kind) {
    case "invalid":
      return json(rules, 422, { message: "Object is not valid", details: change.violations });
    case "locked": {
      const message =
        "App is locked by one or more deployments. Override with the option '?force=true'. View details at '/v2/deployments/<DEPLOYMENT_ID>'.";
      return json(rules, 409, {
        message,
        deployments: change.deployments.map((held) => ({ id: held })),
      });
    }
    case "unknown":
      return noApp(call, id);
    case "accepted":
      return accepted(call, change);
  }
}

function accepted(call: Call, change: Extract<AppChange, { kind: "accepted" }>): Answer {
  const { core, method } = call;
  const { rules } = core.settings;
  const { deploymentId, version } = change;
  const app = core.cluster.state.apps.get(change.appId);
  const isPost = method === "POST" && change.created && app !== undefined;
  const body = isPost ? renderCreated(app, call, deploymentId) : { version, deploymentId };
  const answer = json(rules, change.created ? 201 : 200, body);
  const location: Record<string, string> = isPost ? { Location: `/v2/apps/${change.appId}` } : {};
  const headers = { ...answer.headers, "Marathon-Deployment-Id": deploymentId, ...location };
  return { ...answer, headers };
}

/** Shown as it was when accepted: with its deployment, before its first task. */
function renderCreated(app: App, { core }: Call, deploymentId: string): unknown {
  const embed: Embed = { tasks: true, lastTaskFailure: false, readiness: false };
  const accepting = { ...app, tasks: [], deployments: [deploymentId] };
  return renderApp(accepting, core.settings.rules, embed);
}

function requestOf({ exchange, query }: Call): {
  readonly origin: { readonly clientIp: string; readonly uri: string };
  readonly force: boolean;
} {
  const { clientIp, url } = exchange;
  return { origin: { clientIp, uri: url.pathname }, force: query.get("force") === "true" };
}
