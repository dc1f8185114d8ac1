import { type Answer, empty, errorPage, failure, json, text } from "./answers.ts";
import type { Call } from "./call.ts";
import type { Core } from "./core.ts";
import { accepts } from "./exchange.ts";
import { type JsonObject, objectAt, textAt } from "./fields.ts";
import { renderGroup, wholeGroup } from "./groups.ts";
import { servicePortRange } from "./service-ports.ts";

/** Names the framework towards Mesos. */
export const frameworkId = "96d7da70-b731-4cfb-96a7-0ee877af615d-0000";

/** Everything that is neither an app nor a task. */
export function routeSystem(call: Call): Answer | undefined {
  const [first, second = ""] = call.rest;
  if (first === "ping" && second === "") return ping(call);
  return first === "v2" ? resources[second]?.(call) : undefined;
}

const resources: Readonly<Record<string, (call: Call) => Answer | undefined>> = {
  info: (call) =>
    getOnly(call, () => json(call.core.settings.rules, 200, renderInstallation(call.core))),
  leader: routeLeader,
  groups: (call) => getOnly(call, () => getGroup(call)),
  pods: (call) => getOnly(call, () => getPods(call)),
  deployments: (call) => getOnly(call, () => getDeployments(call)),
  eventSubscriptions: routeSubscriptions,
};

function getOnly(call: Call, answer: () => Answer | undefined): Answer | undefined {
  if (call.method === "GET") return answer();
  const path = call.exchange.url.pathname;
  return errorPage(405, path, `HTTP method ${call.method} is not supported by this URL`);
}

/** Always `pong` as text in older releases; from 1.5 the form depends on what is accepted. [marathon: /ping] */
function ping({ exchange, core }: Call): Answer {
  const { rules } = core.settings;
  const accepted = exchange.request.headers.accept ?? "*/*";
  if (rules.legacyApps || accepted.includes("*/*") || accepted.includes("text/plain")) {
    return text(200, "pong");
  }
  return accepts(exchange, "application/json") ? json(rules, 200, "pong") : empty(204);
}

function renderInstallation({ settings, election, authorityOf }: Core): JsonObject {
  const { rules } = settings;
  const { leader } = election;
  return {
    name: "marathon",
    version: rules.version,
    buildref: "unknown",
    elected: true,
    leader: leader === undefined ? null : authorityOf(leader),
    frameworkId,
    marathon_config: {
      master: "zk://localhost:2181/mesos",
      framework_name: "marathon",
      ha: true,
      checkpoint: true,
      local_port_min: servicePortRange.first,
      local_port_max: servicePortRange.last,
      hostname: settings.host,
      ...(rules.legacyApps ? {} : { features: [], default_network_name: "container-network" }),
      ...(rules.legacyApps ? {} : { mesos_bridge_name: "mesos-bridge" }),
      leader_proxy_connection_timeout_ms: 5000,
      leader_proxy_read_timeout_ms: settings.proxyReadTimeoutMs,
    },
    zookeeper_config: { zk: "zk://localhost:2181/marathon", zk_max_versions: rules.versionsKept },
    ...(rules.eventCallbacks ? { event_subscriber: { type: "http_callback" } } : {}),
    http_config: { http_port: settings.port, https_port: 8443 },
  };
}

function routeLeader({ method, core }: Call): Answer | undefined {
  const { rules } = core.settings;
  const { leader } = core.election;
  if (leader === undefined) return failure(rules, 404, "There is no leader");
  if (method === "GET") return json(rules, 200, { leader: core.authorityOf(leader) });
  if (method !== "DELETE") return undefined;
  core.abdicate();
  return json(rules, 200, { message: "Leadership abdicated" });
}

function getGroup({ rest, query, state, core }: Call): Answer {
  const { rules } = core.settings;
  const path = `/${rest.slice(2).join("/")}`;
  const wanted = new Set(query.getAll("embed"));
  const embed = {
    groups: wanted.has("group.groups"),
    apps: wanted.has("group.apps") || wanted.has("group.apps.tasks"),
    tasks: wanted.has("group.apps.tasks"),
    pods: wanted.has("group.pods"),
  };
  const group = renderGroup(path, state, { rules, embed: wanted.size === 0 ? wholeGroup : embed });
  return group === undefined
    ? failure(rules, 404, `Group '${path}' does not exist`)
    : json(rules, 200, group);
}

function getPods({ rest, state, core }: Call): Answer | undefined {
  const { rules } = core.settings;
  if (!rules.pods) return undefined;
  const path = rest.slice(2).join("/");
  if (path === "")
    return json(
      rules,
      200,
      state.pods.map((pod) => objectAt(pod, "spec")),
    );
  if (path === "::status") return json(rules, 200, state.pods);
  const id = `/${path.replace(/::status$/, "")}`;
  const pod = state.pods.find((status) => textAt(status, "id") === id);
  if (pod === undefined) return failure(rules, 404, `Pod '${id}' does not exist`);
  return json(rules, 200, path.endsWith("::status") ? pod : objectAt(pod, "spec"));
}

function getDeployments({ state, core }: Call): Answer {
  const { rules } = core.settings;
  const rendered = state.deployments.map(({ id, version, appId, steps }) => {
    const actions = steps.map((action) => [{ [rules.actionKey]: action, app: appId }]);
    return {
      id,
      version,
      affectedApps: [appId],
      ...(rules.pods ? { affectedPods: [] } : {}),
      steps: actions.map((step) => (rules.legacyApps ? step : { actions: step })),
      currentActions: actions.at(-1) ?? [],
      currentStep: steps.length,
      totalSteps: steps.length,
    };
  });
  return json(rules, 200, rendered);
}

function routeSubscriptions({ method, query, exchange, core }: Call): Answer | undefined {
  const { rules } = core.settings;
  if (!rules.eventCallbacks) return undefined;
  if (method === "GET") return json(rules, 200, { callbackUrls: core.callbacks.urls });
  const url = query.get("callbackUrl");
  if (url === null || !URL.canParse(url)) return failure(rules, 400, "callbackUrl is missing");
  const { clientIp } = exchange;
  if (method === "POST") return json(rules, 200, core.callbacks.subscribe(url, clientIp));
  if (method === "DELETE") return json(rules, 200, core.callbacks.unsubscribe(url, clientIp));
  return undefined;
}
