import { type AppDefinition, type AppPort, servicePortsOf } from "./app-definition.ts";
import type { DialectRules } from "./dialect.ts";
import { type JsonObject, objectAt } from "./fields.ts";

/** Container, network mode and ports of an app, each where the dialect keeps it. [marathon: port declarations per era] */
export function renderPorts(app: AppDefinition, rules: DialectRules): JsonObject {
  return rules.legacyApps ? renderLegacy(app, rules) : renderNetworks(app);
}

function renderNetworks({ network, ports, container, requirePorts }: AppDefinition): JsonObject {
  if (network.mode === "host") {
    return {
      ...(container === undefined ? {} : { container: { volumes: [], ...container } }),
      networks: [{ mode: "host" }],
      portDefinitions: ports.map(renderDefinition),
      requirePorts,
    };
  }
  const { mode, name } = network;
  const portMappings = ports.map(renderMapping);
  return {
    container: { type: "MESOS", volumes: [], ...container, portMappings },
    networks: [name === undefined ? { mode } : { mode, name }],
    requirePorts,
  };
}

function renderLegacy(app: AppDefinition, rules: DialectRules): JsonObject {
  const { network, ports, requirePorts } = app;
  const container = renderLegacyContainer(app);
  if (network.mode === "container") {
    return { container, ipAddress: renderIpAddress(app), ...absentPorts(rules) };
  }
  return {
    container,
    ipAddress: null,
    ports: servicePortsOf(app, true),
    portDefinitions: ports.map(renderDefinition),
    requirePorts,
  };
}

/** 1.3 and 1.4 leave the ports out when there is an `ipAddress`; before, the lists are empty. */
function absentPorts(rules: DialectRules): JsonObject {
  return rules.instances ? {} : { ports: [], portDefinitions: [], requirePorts: false };
}

function renderLegacyContainer({ container, network, ports }: AppDefinition): JsonObject | null {
  if (container === undefined && network.mode !== "container/bridge") return null;
  const docker = objectAt(container, "docker") ?? {};
  if (network.ipPerTask) return { type: "MESOS", volumes: [], ...container };
  const mode = { host: "HOST", "container/bridge": "BRIDGE", container: "USER" }[network.mode];
  const mapped = network.mode === "host" ? {} : { portMappings: ports.map(renderMapping) };
  const defaults = { privileged: false, parameters: [], forcePullImage: false };
  const rendered = { ...defaults, ...docker, network: mode, ...mapped };
  return { type: "DOCKER", volumes: [], ...container, docker: rendered };
}

function renderIpAddress({ network, ports }: AppDefinition): JsonObject {
  const discovered = network.ipPerTask ? ports : [];
  return {
    groups: [],
    labels: {},
    discovery: {
      ports: discovered.map(({ containerPort, name, protocol, labels }) => ({
        number: containerPort,
        name,
        protocol,
        labels,
      })),
    },
    ...(network.name === undefined ? {} : { networkName: network.name }),
  };
}

function renderDefinition({ servicePort, protocol, name, labels }: AppPort): JsonObject {
  return { port: servicePort, protocol, name, labels };
}

function renderMapping({ containerPort, hostPort, servicePort, ...rest }: AppPort): JsonObject {
  const { protocol, name, labels } = rest;
  return { containerPort, hostPort, labels, name, protocol, servicePort };
}
