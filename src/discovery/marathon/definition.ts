import type { Protocol } from "../../model/service.ts";
import { fieldsOf, isFields, listOf, numberOf, numbersOf, textOf, timeOf } from "../fields.ts";
import type { Fields } from "../fields.ts";
import { labelsOf, type Labelled } from "../labels/labels.ts";
import { parseChecks, type DeclaredChecks } from "./health-checks.ts";

/** A port mapping or port definition, whichever of the two the app has. */
export interface WirePort extends Labelled {
  readonly servicePort: number | undefined;
  /** False where the app has no way to declare a service port, so that only a label can. */
  readonly canDeclare: boolean;
  readonly containerPort: number | undefined;
  /** False only where the mapping asks for no port of the agent. */
  readonly hasHostPort: boolean;
  /** Empty when the declared protocol is not one we know. */
  readonly protocols: readonly Protocol[];
  readonly name: string | undefined;
}

type NetworkMode = "host" | "bridge" | "container";

/** What one version of an app declares, any Marathon from 0.11 to 1.11. */
export interface AppDefinition extends Labelled, DeclaredChecks {
  /** Absolute path with a leading slash, of the characters Marathon allows. */
  readonly id: string;
  /** When it was last configured (ms since the epoch), 0 when not stated. Scaling is no configuration. */
  readonly configuredAt: number;
  /** Its newest version that is configured like this (ms since the epoch), 0 when not stated. */
  readonly version: number;
  readonly network: NetworkMode;
  readonly portMappings: readonly WirePort[];
  readonly portDefinitions: readonly WirePort[];
}

const networkModes: ReadonlyMap<string, NetworkMode> = new Map([
  ["host", "host"],
  ["bridge", "bridge"],
  ["container/bridge", "bridge"],
  ["user", "container"],
  ["container", "container"],
]);

/** Reads the definition of the app with this id out of its JSON; what is missing or wrong harms only itself. */
export function parseDefinition(id: string, fields: Fields): AppDefinition {
  const container = fieldsOf(fields["container"]);
  const docker = fieldsOf(container["docker"]);
  const ipAddress = fieldsOf(fields["ipAddress"]);
  const mappings = firstOf(
    wirePorts(container["portMappings"], mappingOf),
    wirePorts(docker["portMappings"], mappingOf),
    wirePorts(fieldsOf(ipAddress["discovery"])["ports"], discoveryOf),
  );
  return {
    id,
    configuredAt: configuredAt(fields),
    version: timeOf(fields["version"]) ?? 0,
    network: networkMode(fields, docker, mappings.length > 0),
    portMappings: mappings,
    portDefinitions: firstOf(
      wirePorts(fields["portDefinitions"], definitionOf),
      legacyPorts(fields["ports"]),
    ),
    ...parseChecks(fields["healthChecks"]),
    ...labelsOf(fields["labels"]),
  };
}

/** Reads `GET /v2/apps/{id}/versions/{version}`; undefined when the document is no definition of this app. */
export function parseVersion(id: string, document: unknown): AppDefinition | undefined {
  const fields = fieldsOf(document);
  const name = textOf(fields["id"]);
  return name === id || `/${name}` === id ? parseDefinition(id, fields) : undefined;
}

function wirePorts(value: unknown, read: (fields: Fields) => WirePort): readonly WirePort[] {
  // A bad entry keeps its place, since tasks refer to ports by position.
  return listOf(value).map((entry) => read(fieldsOf(entry)));
}

/** The first list that declares anything. */
function firstOf(...lists: readonly (readonly WirePort[])[]): readonly WirePort[] {
  return lists.find((ports) => ports.length > 0) ?? [];
}

function mappingOf(fields: Fields): WirePort {
  return { ...describedPort(fields), servicePort: numberOf(fields["servicePort"]) };
}

function definitionOf(fields: Fields): WirePort {
  return { ...describedPort(fields), servicePort: numberOf(fields["port"]), hasHostPort: true };
}

/** [marathon 0.14–1.4: ip per task] Ports of the container's own address, without a word on service ports. */
function discoveryOf(fields: Fields): WirePort {
  const containerPort = numberOf(fields["number"]);
  return { ...describedPort(fields), containerPort, hasHostPort: false, canDeclare: false };
}

function describedPort(fields: Fields): WirePort {
  return {
    servicePort: undefined,
    canDeclare: true,
    containerPort: numberOf(fields["containerPort"]),
    hasHostPort: numberOf(fields["hostPort"]) !== undefined,
    protocols: protocolsOf(fields["protocol"]),
    name: textOf(fields["name"]),
    ...labelsOf(fields["labels"]),
  };
}

function legacyPorts(value: unknown): readonly WirePort[] {
  return numbersOf(value).map((port) => ({
    ...describedPort({}),
    servicePort: port,
    hasHostPort: true,
  }));
}

function protocolsOf(value: unknown): readonly Protocol[] {
  if (value === undefined || value === null) return ["tcp"];
  const words = textOf(value)?.toLowerCase().split(",") ?? [];
  const protocols = words
    .map((word) => word.trim())
    .filter((word) => word === "tcp" || word === "udp");
  return [...new Set(protocols)];
}

function networkMode(app: Fields, docker: Fields, isMapped: boolean): NetworkMode {
  const declared =
    textOf(fieldsOf(listOf(app["networks"])[0])["mode"]) ?? textOf(docker["network"]);
  const known = networkModes.get(declared?.toLowerCase() ?? "");
  if (known !== undefined) return known;
  // [marathon 0.14–1.4] IP-per-task apps have no network mode, only an `ipAddress` object.
  if (isFields(app["ipAddress"])) return "container";
  return isMapped ? "bridge" : "host";
}

function configuredAt(fields: Fields): number {
  return (
    timeOf(fieldsOf(fields["versionInfo"])["lastConfigChangeAt"]) ?? timeOf(fields["version"]) ?? 0
  );
}
