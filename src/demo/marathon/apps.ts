import {
  type AppDefinition,
  type AppDraft,
  hasServicePorts,
  isConfigChange,
  servicePortsOf,
} from "./app-definition.ts";
import { type Origin, apiPosted, groupChanged, healthCheckAdded } from "./app-events.ts";
import {
  type App,
  type ClusterState,
  type DeploymentAction,
  withApp,
  withoutApp,
} from "./cluster-state.ts";
import type { Cluster } from "./cluster.ts";
import type { Deployer } from "./deployer.ts";
import { type JsonObject, objectAt } from "./fields.ts";
import { type Violation, absolute, formatApp, parseApp } from "./parse-app.ts";
import { renderDefinition, renderHealthCheck } from "./render-app.ts";
import { assignServicePorts } from "./service-ports.ts";

/** What became of a request to change an app. */
export type AppChange =
  | {
      readonly kind: "accepted";
      readonly appId: string;
      readonly version: string;
      readonly deploymentId: string;
      readonly created: boolean;
    }
  | { readonly kind: "invalid"; readonly violations: readonly Violation[] }
  | { readonly kind: "locked"; readonly deployments: readonly string[] }
  | { readonly kind: "unknown" };

/** How a change is asked for. */
export interface ChangeRequest {
  /** Where the request came from; without it there is no `api_post_event`. */
  readonly origin?: Origin;
  /** Take over from a deployment that is under way. */
  readonly force?: boolean;
}

/** Stored apps: every accepted change gets a version, its events and a deployment. */
export class Apps {
  readonly #cluster: Cluster;
  readonly #deployer: Deployer;

  constructor(cluster: Cluster, deployer: Deployer) {
    this.#cluster = cluster;
    this.#deployer = deployer;
  }

  /** Creates the app, or replaces its definition. */
  put(input: unknown, request: ChangeRequest = {}): AppChange {
    const parsed = parseApp(input);
    if (parsed.kind === "invalid") return parsed;
    const before = this.#cluster.state;
    const current = before.apps.get(parsed.app.id);
    const locked = lockOf(current, request);
    if (locked !== undefined) return locked;
    const draft = this.#withServicePorts(parsed.app, current);
    if ("violations" in draft) return { kind: "invalid", violations: draft.violations };
    const steps = stepsFor(current, draft);
    this.#store(draft, current, steps);
    if (request.origin !== undefined) this.#emitPost(draft.id, request.origin);
    return this.#deploy(draft.id, before, steps);
  }

  /** Changes some fields of an existing app; a missing app is created. */
  patch(appId: string, change: JsonObject, request: ChangeRequest = {}): AppChange {
    const id = absolute(appId);
    const current = this.#cluster.state.apps.get(id);
    if (current === undefined) return this.put({ ...change, id }, request);
    return this.put({ ...formatApp(current.definition), ...withoutRivals(change), id }, request);
  }

  /** Replaces every task with one of a new version. */
  restart(appId: string, request: ChangeRequest = {}): AppChange {
    const before = this.#cluster.state;
    const current = before.apps.get(absolute(appId));
    if (current === undefined) return { kind: "unknown" };
    const locked = lockOf(current, request);
    if (locked !== undefined) return locked;
    const steps = ["RestartApplication"] as const;
    this.#store(current.definition, current, steps);
    return this.#deploy(current.definition.id, before, steps);
  }

  delete(appId: string, request: ChangeRequest = {}): AppChange {
    const before = this.#cluster.state;
    const removed = before.apps.get(absolute(appId));
    if (removed === undefined) return { kind: "unknown" };
    const locked = lockOf(removed, request);
    if (locked !== undefined) return locked;
    const id = removed.definition.id;
    const version = this.#cluster.nextVersion();
    this.#cluster.update((state) => ({ ...withoutApp(state, id), version }));
    this.#cluster.emit(groupChanged(this.#cluster.stamp, version));
    const steps = ["StopApplication"] as const;
    const deploymentId = this.#deployer.begin({ appId: id, version, steps, before, removed });
    return { kind: "accepted", appId: id, version, deploymentId, created: false };
  }

  #withServicePorts(
    draft: AppDraft,
    current: App | undefined,
  ): AppDraft | { readonly violations: readonly Violation[] } {
    const { legacyApps, uniqueServicePorts } = this.#cluster.rules;
    if (!hasServicePorts(draft, legacyApps)) return draft;
    const previous = current === undefined ? [] : servicePortsOf(current.definition, legacyApps);
    const owners = this.#servicePortOwners();
    const rival = draft.ports.find(({ servicePort }) => {
      const owner = owners.get(servicePort);
      return servicePort !== 0 && owner !== undefined && owner !== draft.id;
    });
    if (uniqueServicePorts && rival !== undefined) {
      const owner = owners.get(rival.servicePort);
      return refused(
        `Requested service port ${rival.servicePort} conflicts with a service port in app ${owner}`,
      );
    }
    const ports = assignServicePorts(draft.ports, { taken: new Set(owners.keys()), previous });
    return ports === undefined ? refused("No more available ports") : { ...draft, ports };
  }

  #servicePortOwners(): ReadonlyMap<number, string> {
    const { state, rules } = this.#cluster;
    return new Map(
      [...state.apps.values()].flatMap(({ definition }) =>
        servicePortsOf(definition, rules.legacyApps).map((port) => [port, definition.id] as const),
      ),
    );
  }

  #store(draft: AppDraft, current: App | undefined, steps: readonly DeploymentAction[]): void {
    const version = this.#cluster.nextVersion();
    const isScale = current !== undefined && steps.includes("ScaleApplication");
    const definition: AppDefinition = {
      ...draft,
      version,
      lastScalingAt: version,
      lastConfigChangeAt: isScale ? current.definition.lastConfigChangeAt : version,
    };
    const empty = { versions: [], tasks: [], deployments: [], overrides: {} };
    const { versions, ...rest } = current ?? { ...empty, lastTaskFailure: undefined };
    const kept = versions.slice(0, this.#cluster.rules.versionsKept - 1);
    const app: App = { ...rest, definition, versions: [definition, ...kept] };
    this.#cluster.update((state) => ({ ...withApp(state, app), version }));
  }

  #emitPost(appId: string, origin: Origin): void {
    const app = this.#cluster.state.apps.get(appId);
    if (app === undefined) return;
    const rendered = renderDefinition(app.definition, this.#cluster.rules);
    this.#cluster.emit(apiPosted(this.#cluster.stamp, origin, rendered));
  }

  #deploy(appId: string, before: ClusterState, steps: readonly DeploymentAction[]): AppChange {
    const { state, stamp, rules } = this.#cluster;
    const created = !before.apps.has(appId);
    this.#cluster.emit(groupChanged(stamp, state.version));
    const checks = created ? (state.apps.get(appId)?.definition.healthChecks ?? []) : [];
    for (const check of checks) {
      const rendered = renderHealthCheck(check, rules);
      this.#cluster.emit(healthCheckAdded(stamp, { id: appId, version: state.version }, rendered));
    }
    const deploymentId = this.#deployer.begin({ appId, version: state.version, steps, before });
    return { kind: "accepted", appId, version: state.version, deploymentId, created };
  }
}

function stepsFor(current: App | undefined, draft: AppDraft): readonly DeploymentAction[] {
  if (current === undefined) return ["StartApplication", "ScaleApplication"];
  return isConfigChange(current.definition, draft) ? ["RestartApplication"] : ["ScaleApplication"];
}

function lockOf(current: App | undefined, { force }: ChangeRequest): AppChange | undefined {
  if (current === undefined || force === true || current.deployments.length === 0) return undefined;
  return { kind: "locked", deployments: current.deployments };
}

function refused(error: string): { readonly violations: readonly Violation[] } {
  return { violations: [{ path: "/", errors: [error] }] };
}

/** Fields of one era displace the same fields of the other. */
function withoutRivals(change: JsonObject): JsonObject {
  const docker = objectAt(objectAt(change, "container"), "docker");
  const movesNetwork = "ipAddress" in change || docker?.["network"] !== undefined;
  return {
    ...("ports" in change ? { portDefinitions: undefined } : {}),
    ...(movesNetwork ? { networks: undefined } : {}),
    ...change,
  };
}
