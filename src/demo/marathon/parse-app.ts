import type { AppDraft, AppNetwork, AppPort } from "./app-definition.ts";
import {
  type JsonObject,
  isObject,
  numberAt,
  objectAt,
  objectsAt,
  textAt,
  without,
} from "./fields.ts";

/** One thing wrong with a definition, in the words of Marathon's 422 body. */
export interface Violation {
  readonly path: string;
  readonly errors: readonly string[];
}

export type ParsedApp =
  | { readonly kind: "app"; readonly app: AppDraft }
  | { readonly kind: "invalid"; readonly violations: readonly Violation[] };

const segment =
  "(([a-z0-9]|[a-z0-9][a-z0-9\\-]*[a-z0-9])\\.)*([a-z0-9]|[a-z0-9][a-z0-9\\-]*[a-z0-9])";
const pathGrammar = new RegExp(`^(/${segment})+$`);
const protocols = new Set(["tcp", "udp", "udp,tcp", "tcp,udp"]);
const placedFields: ReadonlySet<string> = new Set(
  `id instances container networks ipAddress ports portDefinitions requirePorts healthChecks labels version
   versionInfo deployments tasks tasksStaged tasksRunning tasksHealthy tasksUnhealthy lastTaskFailure`.split(
    /\s+/,
  ),
);

/** Reads an app definition of any era, with the defaults Marathon gives to what is left out. */
export function parseApp(input: unknown): ParsedApp {
  if (!isObject(input))
    return { kind: "invalid", violations: [violation("/", "is not an object")] };
  const network = parseNetwork(input);
  const app: AppDraft = {
    id: absolute(textAt(input, "id") ?? ""),
    instances: numberAt(input, "instances") ?? 1,
    network,
    ports: network.mode === "host" ? parseHostPorts(input) : parseMappings(input, network),
    requirePorts: input["requirePorts"] === true,
    container: parseContainer(input),
    healthChecks: objectsAt(input, "healthChecks") ?? [],
    labels: objectAt(input, "labels") ?? {},
    settings: without(input, placedFields),
  };
  const violations = validate(app);
  return violations.length > 0 ? { kind: "invalid", violations } : { kind: "app", app };
}

/** An app as it could be asked for again; the inverse of `parseApp`. */
export function formatApp(app: AppDraft): JsonObject {
  const { id, instances, network, ports, container, requirePorts, healthChecks, labels } = app;
  const { mode, name } = network;
  const common = { ...app.settings, id, instances, requirePorts, healthChecks, labels };
  const networks = [name === undefined ? { mode } : { mode, name }];
  if (mode !== "host")
    return { ...common, networks, container: { ...container, portMappings: ports } };
  const portDefinitions = ports.map(({ servicePort, ...port }) => ({ ...port, port: servicePort }));
  return {
    ...common,
    networks,
    portDefinitions,
    ...(container === undefined ? {} : { container }),
  };
}

/** An app id with its leading slash. */
export function absolute(id: string): string {
  return `/${id.replace(/^\/+/, "").replace(/\/+$/, "")}`;
}

function parseNetwork(input: JsonObject): AppNetwork {
  const container = objectAt(input, "container");
  const docker = objectAt(container, "docker");
  const declared = objectsAt(input, "networks")?.[0];
  const mode = textAt(declared, "mode") ?? legacyMode(input, docker, container);
  const name = textAt(declared, "name") ?? textAt(objectAt(input, "ipAddress"), "networkName");
  if (mode === "host") return { mode, name: undefined, ipPerTask: false };
  if (mode === "container/bridge") return { mode, name: undefined, ipPerTask: false };
  return { mode: "container", name, ipPerTask: docker === undefined };
}

function legacyMode(
  input: JsonObject,
  docker: JsonObject | undefined,
  container: JsonObject | undefined,
): string {
  const network = textAt(docker, "network");
  if (network === "USER" || isObject(input["ipAddress"])) return "container";
  const mapped = objectsAt(docker, "portMappings") ?? objectsAt(container, "portMappings");
  return network === "BRIDGE" || (network === undefined && mapped !== undefined)
    ? "container/bridge"
    : "host";
}

function parseHostPorts(input: JsonObject): readonly AppPort[] {
  const definitions = objectsAt(input, "portDefinitions");
  if (definitions !== undefined) return definitions.map((item) => toPort(item, "port"));
  const ports = input["ports"];
  if (Array.isArray(ports)) return ports.map((port) => toPort({ port }, "port"));
  return [toPort({ name: "default" }, "port")];
}

function parseMappings(input: JsonObject, network: AppNetwork): readonly AppPort[] {
  const container = objectAt(input, "container");
  const discovery = objectAt(objectAt(input, "ipAddress"), "discovery");
  const mappings =
    objectsAt(container, "portMappings") ??
    objectsAt(objectAt(container, "docker"), "portMappings") ??
    objectsAt(discovery, "ports") ??
    (network.mode === "container" ? [] : [{ containerPort: 0, name: "default" }]);
  return mappings.map((item) => {
    const port = toPort(item, "servicePort");
    const containerPort = numberAt(item, "containerPort") ?? numberAt(item, "number") ?? 0;
    const unset = network.mode === "container" ? undefined : 0;
    return { ...port, containerPort, hostPort: numberAt(item, "hostPort") ?? unset };
  });
}

function toPort(item: JsonObject, servicePortKey: string): AppPort {
  return {
    servicePort: numberAt(item, servicePortKey) ?? 0,
    containerPort: undefined,
    hostPort: undefined,
    protocol: textAt(item, "protocol") ?? "tcp",
    name: textAt(item, "name"),
    labels: objectAt(item, "labels") ?? {},
  };
}

function parseContainer(input: JsonObject): JsonObject | undefined {
  const container = objectAt(input, "container");
  if (container === undefined) return undefined;
  const docker = objectAt(container, "docker");
  const rest = without(container, new Set(["portMappings", "docker"]));
  if (docker === undefined) return Object.keys(rest).length === 0 ? undefined : rest;
  return { ...rest, docker: without(docker, new Set(["network", "portMappings"])) };
}

function validate(app: AppDraft): readonly Violation[] {
  const violations: Violation[] = [];
  if (!pathGrammar.test(app.id)) {
    violations.push(
      violation("/id", `must fully match regular expression '${pathGrammar.source}'`),
    );
  }
  if (!Number.isInteger(app.instances) || app.instances < 0) {
    violations.push(violation("/instances", "error.min"));
  }
  for (const [name, value] of Object.entries(app.labels)) {
    if (typeof value !== "string")
      violations.push(violation(`/labels(${name})`, "error.expected.jsstring"));
  }
  for (const [index, port] of app.ports.entries()) {
    if (!isPortOrZero(port.servicePort)) {
      violations.push(violation(`/portDefinitions(${index})/port`, "must be between 0 and 65535"));
    }
    if (!protocols.has(port.protocol)) {
      violations.push(
        violation(`/portDefinitions(${index})/protocol`, "error.unknown.enum.literal"),
      );
    }
  }
  return violations;
}

function isPortOrZero(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65_535;
}

function violation(path: string, error: string): Violation {
  return { path, errors: [error] };
}
