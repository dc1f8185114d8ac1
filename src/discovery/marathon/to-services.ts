import { isHost, isPort } from "../../model/address.ts";
import { printable, problemKey, type Problem, type ProblemKind } from "../../model/problem.ts";
import { defaultWeight, type Replica } from "../../model/replica.ts";
import { serviceKey, serviceName, type Protocol, type Service } from "../../model/service.ts";
import { dialAddress } from "./addresses.ts";
import { readLabels } from "./labels/read-labels.ts";
import type { PortSettings } from "./labels/reading.ts";
import { declaredPorts, type PortDeclaration } from "./ports.ts";
import { taskVerdict } from "./task-health.ts";
import type { WireApp, WireTask } from "./wire.ts";

/** What one app or a list of apps amounts to. */
export interface AppServices {
  readonly services: readonly Service[];
  readonly problems: readonly Problem[];
}

const mostProblemsPerApp = 20;

/** Services of all apps; two apps that claim one port are both there, since the routing table decides. */
export function toServices(apps: readonly WireApp[], source: string): AppServices {
  const each = apps.map((app) => appServices(app, source));
  return {
    services: each.flatMap(({ services }) => services),
    problems: each.flatMap(({ problems }) => problems),
  };
}

/** One service per service port and protocol of an app; an app without tasks has its services without replicas. */
export function appServices(app: WireApp, source: string): AppServices {
  const services = new Map<string, Service>();
  const problems = new ProblemList(app.id);
  const ports = declaredPorts(app);
  const labels = readLabels(app, ports);
  for (const [index, port] of ports.entries()) {
    const servicePort = port.servicePort;
    if (!isPort(servicePort)) {
      problems.add(
        "invalid-port",
        `service port ${servicePort ?? "missing"} cannot be served: skipped`,
      );
      continue;
    }
    const claim = { port, servicePort, settings: labels.ports[index] ?? {}, source, problems };
    if (port.protocols.length === 0)
      problems.add("unsupported", `protocol of service port ${servicePort} is not known`);
    for (const protocol of port.protocols) {
      const key = serviceKey({ protocol, port: servicePort });
      if (services.has(key))
        problems.add("invalid-port", `${key} is declared twice: the first one is used`);
      else services.set(key, toService(app, { ...claim, protocol }));
    }
  }
  for (const fault of labels.faults) problems.add("invalid-label", fault);
  return { services: [...services.values()], problems: problems.list() };
}

interface Claim {
  readonly port: PortDeclaration;
  readonly servicePort: number;
  readonly protocol: Protocol;
  readonly settings: Partial<PortSettings>;
  readonly source: string;
  readonly problems: ProblemList;
}

function toService(
  app: WireApp,
  { port, servicePort, protocol, settings, source, problems }: Claim,
): Service {
  const { weight = defaultWeight, ...policy } = settings;
  const replicas: Replica[] = [];
  for (const task of app.tasks ?? []) {
    const replica = toReplica(task, port, app.healthChecks);
    if (typeof replica === "string") problems.add("invalid-item", replica);
    else if (replica !== undefined) replicas.push({ ...replica, weight });
  }
  return {
    app: app.id,
    name: serviceName(app.id),
    port: servicePort,
    protocol,
    mode: protocol,
    source,
    configuredAt: app.configuredAt,
    policy,
    replicas,
  };
}

/** The replica; a sentence when something is wrong with it; undefined when its absence is ordinary. */
function toReplica(
  task: WireTask,
  port: PortDeclaration,
  healthChecks: number | undefined,
): Omit<Replica, "weight"> | string | undefined {
  const verdict = taskVerdict(task, healthChecks);
  if (verdict === undefined) return undefined;
  const isExpected = verdict.health === "up" || verdict.draining;
  if (!isHost(task.host)) {
    const isOrdinary = task.host === undefined && !isExpected;
    return isOrdinary ? undefined : `task ${printable(task.id, 100)} has no valid host: left out`;
  }
  const address = dialAddress(task, port.reach);
  if (address === undefined) {
    const reason = `task ${printable(task.id, 100)} has no address for service port ${port.servicePort}: left out`;
    return isExpected ? reason : undefined;
  }
  return { task: task.id, host: task.host, address, ...verdict };
}

/** Collects what is wrong with one app, each thing once, and no more than anyone would read. */
class ProblemList {
  readonly #app: string;
  readonly #problems = new Map<string, Problem>();
  #dropped = 0;

  constructor(app: string) {
    this.#app = app;
  }

  add(kind: ProblemKind, reason: string): void {
    const problem = { kind, subject: this.#app, reason };
    const key = problemKey(problem);
    if (this.#problems.has(key)) return;
    if (this.#problems.size < mostProblemsPerApp) this.#problems.set(key, problem);
    else this.#dropped += 1;
  }

  list(): readonly Problem[] {
    if (this.#dropped === 0) return [...this.#problems.values()];
    const rest: Problem = {
      kind: "limit-reached",
      subject: this.#app,
      reason: `${this.#dropped} more problems`,
    };
    return [...this.#problems.values(), rest];
  }
}
