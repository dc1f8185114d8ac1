import type { JsonObject } from "./fields.ts";

/** How the tasks of an app reach the network, in the words of 1.5 and later. */
export interface AppNetwork {
  readonly mode: "host" | "container/bridge" | "container";
  /** Name of a container network. */
  readonly name: string | undefined;
  /** An IP per task without Docker: before 1.5 such an app has no service ports. */
  readonly ipPerTask: boolean;
}

/** One declared port: a port definition, a port mapping or a discovery port. */
export interface AppPort {
  /** 0 asks Marathon to choose. */
  readonly servicePort: number;
  /** Undefined in host mode. */
  readonly containerPort: number | undefined;
  /** 0 is random; undefined in container mode allocates none. */
  readonly hostPort: number | undefined;
  readonly protocol: string;
  readonly name: string | undefined;
  readonly labels: JsonObject;
}

/** An app as asked for, brought from either era's JSON into one form. */
export interface AppDraft {
  /** An absolute path, `/demo/webapp`. */
  readonly id: string;
  readonly instances: number;
  readonly network: AppNetwork;
  readonly ports: readonly AppPort[];
  readonly requirePorts: boolean;
  /** The container without its ports and network mode. */
  readonly container: JsonObject | undefined;
  readonly healthChecks: readonly JsonObject[];
  readonly labels: JsonObject;
  /** Every other field, as it was given. */
  readonly settings: JsonObject;
}

/** One stored version of an app, with its service ports assigned. */
export interface AppDefinition extends AppDraft {
  /** When it was stored; unique and rising within a cluster. */
  readonly version: string;
  readonly lastScalingAt: string;
  /** Tasks of an older version than this are replaced. */
  readonly lastConfigChangeAt: string;
}

/** True when the ports of this app have service ports in a dialect of the given era. */
export function hasServicePorts(app: AppDraft, legacyApps: boolean): boolean {
  return !(legacyApps && app.network.ipPerTask);
}

/** Marathon's own list of service ports, in the order of declaration. */
export function servicePortsOf(app: AppDraft, legacyApps: boolean): readonly number[] {
  return hasServicePorts(app, legacyApps) ? app.ports.map((port) => port.servicePort) : [];
}

/** True when the two differ in more than the number of instances, so that tasks must be replaced. */
export function isConfigChange(before: AppDraft, after: AppDraft): boolean {
  return fingerprint(before) !== fingerprint(after);
}

function fingerprint({ network, ports, requirePorts, container, ...app }: AppDraft): string {
  const { healthChecks, labels, settings } = app;
  return JSON.stringify([network, ports, requirePorts, container, healthChecks, labels, settings]);
}
