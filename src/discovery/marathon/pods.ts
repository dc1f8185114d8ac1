import { isIP } from "node:net";

import { printable, type Problem } from "../../model/problem.ts";
import { fieldsOf, listOf, numberOf, textOf, timeOf, type Fields } from "../fields.ts";
import { labelsOf } from "../labels/labels.ts";
import { ProblemList } from "../problem-list.ts";
import type { AppDefinition, WirePort } from "./definition.ts";
import { appIdOf, type WireApp, type WireApps, type WireTask } from "./wire.ts";

/** An endpoint of a pod's definition, which its instances repeat by these names. */
interface Endpoint extends WirePort {
  readonly container: string;
}

/**
 * Reads `GET /v2/pods/::status` [marathon 1.4+]; undefined when the document is no list of pods. A pod becomes an app
 * whose ports are its endpoints, all containers' one after another, and whose tasks are its instances; no endpoint has
 * a service port but by label. Instances of older versions are read by the current definition.
 */
export function parsePods(document: unknown): WireApps | undefined {
  if (!Array.isArray(document)) return undefined;
  const pods = new Map<string, WireApp>();
  const problems = new ProblemList("/v2/pods");
  for (const item of listOf(document)) {
    const fields = fieldsOf(item);
    const id = appIdOf(fields["id"]);
    if (id !== undefined && !pods.has(id)) pods.set(id, parsePod(id, fields));
    else problems.add(skipped(id));
  }
  return { apps: [...pods.values()], problems: problems.list() };
}

function skipped(id: string | undefined): Problem {
  const reason = id === undefined ? "pod without a valid id: skipped" : "pod is listed twice";
  return { kind: "invalid-item", subject: id ?? "/v2/pods", reason };
}

function parsePod(id: string, fields: Fields): WireApp {
  const spec = fieldsOf(fields["spec"]);
  const endpoints = listOf(spec["containers"]).flatMap(endpointsOf);
  const definition: AppDefinition = {
    id,
    configuredAt: timeOf(spec["version"]) ?? 0,
    version: timeOf(spec["version"]) ?? 0,
    network: "container",
    portMappings: endpoints,
    portDefinitions: [],
    healthChecks: undefined,
    checks: [],
    checkFaults: [],
    ...labelsOf(spec["labels"]),
  };
  return {
    ...definition,
    tasks: listOf(fields["instances"]).flatMap((item) => taskOf(item, endpoints)),
  };
}

function endpointsOf(container: unknown): readonly Endpoint[] {
  const fields = fieldsOf(container);
  return listOf(fields["endpoints"]).map((item) => {
    const endpoint = fieldsOf(item);
    const protocols = listOf(endpoint["protocol"]).map((name) => textOf(name)?.toLowerCase());
    const known = (["tcp", "udp"] as const).filter((protocol) => protocols.includes(protocol));
    return {
      container: textOf(fields["name"]) ?? "",
      name: textOf(endpoint["name"]),
      servicePort: undefined,
      canDeclare: false,
      containerPort: numberOf(endpoint["containerPort"]),
      hasHostPort: numberOf(endpoint["hostPort"]) !== undefined,
      // [marathon] An endpoint without a protocol is one for TCP.
      protocols: listOf(endpoint["protocol"]).length === 0 ? ["tcp"] : known,
      ...labelsOf(endpoint["labels"]),
    };
  });
}

/** One instance as a task, named as the task of its first container. */
function taskOf(item: unknown, endpoints: readonly Endpoint[]): readonly WireTask[] {
  const fields = fieldsOf(item);
  const instance = textOf(fields["id"]);
  if (instance === undefined || printable(instance) !== instance) return [];
  const containers = listOf(fields["containers"]).map(fieldsOf);
  const told = endpoints.map((endpoint) => endpointStatus(containers, endpoint));
  const since = timeOf(fields["statusSince"]);
  return [
    {
      id: taskIdOf(containers, instance),
      host: textOf(fields["agentHostname"]),
      agent: textOf(fields["agentId"], 255),
      ports: told
        .filter((_, index) => endpoints[index]?.hasHostPort)
        .map((status) => numberOf(status["allocatedHostPort"])),
      servicePorts: [],
      ipAddresses: addressesOf(fields),
      state: stateOf(fields, containers, endpoints),
      stagedAt: since,
      startedAt: since,
      version: undefined,
      checks: told
        .map((status) => status["healthy"])
        .filter((healthy) => typeof healthy === "boolean"),
    },
  ];
}

/** A task id, so that what events say of tasks and of the instance finds it; the instance's own until one is known. */
function taskIdOf([first]: readonly Fields[], instance: string): string {
  const id = textOf(first?.["containerId"]);
  return id !== undefined && printable(id) === id && id.startsWith(instance) ? id : instance;
}

function endpointStatus(containers: readonly Fields[], { container, name }: Endpoint): Fields {
  const status = containers.find((fields) => fields["name"] === container);
  const endpoints = listOf(status?.["endpoints"]).map(fieldsOf);
  return endpoints.find((fields) => fields["name"] === name) ?? {};
}

function addressesOf(fields: Fields): readonly string[] {
  return listOf(fields["networks"])
    .flatMap((network) => listOf(fieldsOf(network)["addresses"]))
    .filter((address) => typeof address === "string")
    .filter((address) => isIP(address) !== 0);
}

/** An instance runs when it is not about to begin or at its end, and each of its containers with an endpoint runs. */
function stateOf(
  fields: Fields,
  containers: readonly Fields[],
  endpoints: readonly Endpoint[],
): string {
  const status = textOf(fields["status"]);
  if (status === "TERMINAL") return "TASK_KILLED";
  if (status === "PENDING" || status === "STAGING") return "TASK_STAGING";
  const names = new Set(endpoints.map(({ container }) => container));
  const states = containers
    .filter((container) => names.has(textOf(container["name"]) ?? ""))
    .map((container) => textOf(container["status"]) ?? "TASK_UNKNOWN");
  return states.find((state) => state !== "TASK_RUNNING") ?? "TASK_RUNNING";
}
