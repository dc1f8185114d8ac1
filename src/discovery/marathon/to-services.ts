import type { Problem } from "../../model/problem.ts";
import type { Service } from "../../model/service.ts";
import { ProblemList } from "../problem-list.ts";
import type { AppDefinition } from "./definition.ts";
import { portServices, type Generation, type ServiceOptions } from "./port-services.ts";
import type { WireApp, WireTask } from "./wire.ts";

/** What one app or a list of apps amounts to. */
export interface AppServices {
  readonly services: readonly Service[];
  readonly problems: readonly Problem[];
}

/** The definition that an app had in one of its versions (ms since the epoch); undefined when it is not known. */
type DefinitionOf = (app: string, version: number) => AppDefinition | undefined;

export interface AppServicesOptions extends ServiceOptions {
  /** False leaves out services whose replicas listen on the service port itself, as `net=host` apps can. */
  readonly exposeHost: boolean;
  readonly definitionOf: DefinitionOf;
}

const mostProblemsOfAnApp = 20;

/** Services of all apps; two apps that claim one port are both there, since the routing table decides. */
export function toServices(apps: readonly WireApp[], options: AppServicesOptions): AppServices {
  const each = apps.map((app) => appServices(app, options));
  return {
    services: each.flatMap(({ services }) => services),
    problems: each.flatMap(({ problems }) => problems),
  };
}

/**
 * One service per service port and protocol of an app; an app without tasks has its services without replicas. Each
 * task is read with the ports, labels and checks of its own version; what a service as a whole is like, the newest
 * version that has it says.
 */
export function appServices(app: WireApp, options: AppServicesOptions): AppServices {
  const problems = new ProblemList(app.id, mostProblemsOfAnApp);
  const services = new Map<string, Service>();
  for (const generation of generations(app, options.definitionOf)) {
    for (const [key, service] of portServices(generation, options, problems)) {
      const newer = services.get(key) ?? { ...service, replicas: [] };
      services.set(key, { ...newer, replicas: [...newer.replicas, ...service.replicas] });
    }
  }
  const exposed = [...services.values()].filter((service) => {
    if (options.exposeHost || !isOnItsOwnPort(service)) return true;
    problems.add({
      kind: "port-refused",
      reason: `service port ${service.port} is the one its replicas listen on: left out`,
    });
    return false;
  });
  return { services: exposed, problems: problems.list() };
}

/** True for a task of a version before the app's last change of configuration. */
export function isOutdated(
  app: AppDefinition,
  task: WireTask,
): task is WireTask & { version: number } {
  // [marathon] Tasks that nobody knows the version of carry the epoch.
  return task.version !== undefined && task.version > 0 && task.version < app.configuredAt;
}

/** The current version first, then those before it, the newest first. */
function generations(app: WireApp, definitionOf: DefinitionOf): readonly Generation[] {
  const tasksOf = new Map<AppDefinition, WireTask[]>([[app, []]]);
  for (const task of app.tasks ?? []) {
    const own = isOutdated(app, task) ? definitionOf(app.id, task.version) : undefined;
    const tasks = tasksOf.get(own ?? app);
    if (tasks === undefined) tasksOf.set(own ?? app, [task]);
    else tasks.push(task);
  }
  const each = [...tasksOf].map(([definition, tasks]) => ({ definition, tasks }));
  return each.toSorted((one, other) => other.definition.configuredAt - one.definition.configuredAt);
}

function isOnItsOwnPort({ port, replicas }: Service): boolean {
  return replicas.some(({ address }) => address.port === port);
}
