import { isPort } from "../../model/address.ts";
import { defaultWeight } from "../../model/replica.ts";
import { serviceKey, serviceName, type Protocol, type Service } from "../../model/service.ts";
import { hostsOf, isOffered, policyOf } from "../labels/parts.ts";
import { nothingSaid, readLabels } from "../labels/read-labels.ts";
import type { PortReading } from "../labels/reading.ts";
import type { ProblemList } from "../problem-list.ts";
import type { AppDefinition } from "./definition.ts";
import { declaredPorts, type PortDeclaration } from "./ports.ts";
import { serviceCheck, type ServiceCheck } from "./service-check.ts";
import { toReplica } from "./task-replica.ts";
import type { WireTask } from "./wire.ts";

/** One version of an app with the tasks that run it. */
export interface Generation {
  readonly definition: AppDefinition;
  readonly tasks: readonly WireTask[];
}

/** Who asks, and for whom. */
export interface ServiceOptions {
  /** Name of the source. */
  readonly source: string;
  /** Only ports of these groups are offered; `*` is every port, an empty name the ports without a group. */
  readonly groups: readonly string[];
}

/** One service per service port and protocol of a version, by service key; what is wrong goes to the list. */
export function portServices(
  generation: Generation,
  options: ServiceOptions,
  problems: ProblemList,
): ReadonlyMap<string, Service> {
  const services = new Map<string, Service>();
  for (const offer of offers(generation, options.groups, problems)) {
    const { port, servicePort } = offer;
    if (port.protocols.length === 0)
      problems.add({
        kind: "unsupported",
        reason: `protocol of service port ${servicePort} is not known`,
      });
    for (const protocol of port.protocols) {
      const key = serviceKey({ protocol, port: servicePort });
      if (services.has(key))
        problems.add({
          kind: "invalid-port",
          reason: `${key} is declared twice: the first one is used`,
        });
      else services.set(key, toService(offer, { protocol, source: options.source }, problems));
    }
  }
  return services;
}

/** One port of a version, for all of its protocols. */
interface Offer extends Generation {
  readonly port: PortDeclaration;
  /** Its place among the ports of the app. */
  readonly index: number;
  readonly servicePort: number;
  readonly reading: PortReading;
  readonly check: ServiceCheck;
}

function offers(
  { definition, tasks }: Generation,
  groups: readonly string[],
  problems: ProblemList,
): readonly Offer[] {
  const ports = declaredPorts(definition);
  const labels = readLabels(definition, ports);
  const made = ports.flatMap((port, index): readonly Offer[] => {
    const reading = labels.ports[index] ?? nothingSaid;
    const servicePort = reading.settings.servicePort ?? port.servicePort;
    const isSilent = servicePort === undefined && !port.canDeclare;
    if (isSilent || !isOffered(reading.settings, groups)) return [];
    if (!isPort(servicePort)) {
      const shown = servicePort ?? "missing";
      problems.add({
        kind: "invalid-port",
        reason: `service port ${shown} cannot be served: skipped`,
      });
      return [];
    }
    const check = serviceCheck(definition, ports, { index, reading });
    if (check.fault !== undefined) problems.add({ kind: "invalid-label", reason: check.fault });
    return [{ definition, tasks, port, index, servicePort, reading, check }];
  });
  for (const fault of definition.checkFaults) problems.add({ kind: "invalid-item", reason: fault });
  for (const fault of labels.faults) problems.add({ kind: "invalid-label", reason: fault });
  return made;
}

function toService(
  { definition, tasks, port, index, servicePort, reading, check }: Offer,
  { protocol, source }: { readonly protocol: Protocol; readonly source: string },
  problems: ProblemList,
): Service {
  const { settings } = reading;
  const { weight = defaultWeight } = settings;
  const way = { port, servicePort, weight, check, healthChecks: definition.healthChecks };
  return {
    app: definition.id,
    name: serviceName(definition.id),
    port: servicePort,
    portIndex: index,
    ...(port.name === undefined ? {} : { portName: port.name }),
    merges: settings.servicePort !== undefined,
    protocol,
    mode: protocol === "tcp" ? (settings.mode ?? "tcp") : "udp",
    source,
    configuredAt: definition.configuredAt,
    policy: policyOf(settings),
    check: check.wish,
    hosts: hostsOf(settings),
    replicas: tasks.flatMap((task) => {
      const replica = toReplica(task, way);
      if (typeof replica !== "string") return replica ?? [];
      problems.add({ kind: "invalid-item", reason: replica });
      return [];
    }),
  };
}
