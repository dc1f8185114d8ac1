/** The generations of Marathon that look different on the wire; each stands for the releases around it. */
export type Dialect = "1.1" | "1.4" | "1.5" | "1.10";

/** What differs between the generations; every other file asks this one instead of comparing versions. */
export interface DialectRules {
  readonly dialect: Dialect;
  /** What `/v2/info` says. */
  readonly version: string;
  /** `ports`, `container.docker.network` and explicit nulls, as before 1.5. */
  readonly legacyApps: boolean;
  /** Tasks carry `state`. */
  readonly taskState: boolean;
  /** Instance ids in results and events, and the instance events. */
  readonly instances: boolean;
  /** Ids of the form `.instance-<uuid>._app.<n>`, and instances that outlive their tasks. */
  readonly stableInstances: boolean;
  /** Empty lists are present and unset times absent, rather than the reverse. */
  readonly arraysAlways: boolean;
  /** `ipAddresses` appears on tasks even when empty. */
  readonly ipAddressesAlways: boolean;
  readonly roles: boolean;
  readonly pods: boolean;
  /** TASK_KILLING is announced unless the caller says otherwise. */
  readonly announcesKilling: boolean;
  /** Key of a deployment action's kind. */
  readonly actionKey: "type" | "action";
  /** Deployment events carry both group trees: never, always, or unless `plan-format=light`. */
  readonly heavyPlans: "never" | "always" | "by-default";
  readonly eventFilter: boolean;
  /** What a standby does with `/v2/events`. */
  readonly standbyStream: "proxy" | "redirect";
  /** What becomes of a stream whose client does not keep up. */
  readonly slowConsumer: "drop" | "close";
  /** Events held for a slow client. */
  readonly outstandingEvents: number;
  readonly noLeaderStatus: 502 | 503;
  readonly eventCallbacks: boolean;
  /** How hosts of an app without service ports are parted in the text form; undefined answers 406. */
  readonly textHostSeparator: " " | "\t" | undefined;
  readonly gzip: boolean;
  readonly jsonContentType: string;
  /** The `Server` header; suppressed from 1.7. */
  readonly server: string | undefined;
  /** A second app that asks for a taken service port is rejected. */
  readonly uniqueServicePorts: boolean;
  /** App versions kept per app. */
  readonly versionsKept: number;
}

const legacy = {
  dialect: "1.1",
  version: "1.1.1",
  legacyApps: true,
  taskState: false,
  instances: false,
  stableInstances: false,
  arraysAlways: false,
  ipAddressesAlways: true,
  roles: false,
  pods: false,
  announcesKilling: false,
  actionKey: "type",
  heavyPlans: "always",
  eventFilter: false,
  standbyStream: "proxy",
  slowConsumer: "drop",
  outstandingEvents: 50,
  noLeaderStatus: 503,
  eventCallbacks: true,
  textHostSeparator: " ",
  gzip: false,
  jsonContentType: "application/json;qs=2",
  server: "Jetty(9.3.z-SNAPSHOT)",
  uniqueServicePorts: true,
  versionsKept: 25,
} as const satisfies DialectRules;

const withInstances = {
  ...legacy,
  dialect: "1.4",
  version: "1.4.8",
  taskState: true,
  instances: true,
  ipAddressesAlways: false,
  pods: true,
  actionKey: "action",
  eventFilter: true,
  gzip: true,
  uniqueServicePorts: false,
} as const satisfies DialectRules;

const withNetworks = {
  ...withInstances,
  dialect: "1.5",
  version: "1.5.11",
  legacyApps: false,
  heavyPlans: "by-default",
  outstandingEvents: 1024,
  eventCallbacks: false,
  textHostSeparator: "\t",
  versionsKept: 50,
} as const satisfies DialectRules;

const rules = {
  "1.1": legacy,
  "1.4": withInstances,
  "1.5": withNetworks,
  "1.10": {
    ...withNetworks,
    dialect: "1.10",
    version: "1.10.17",
    stableInstances: true,
    arraysAlways: true,
    ipAddressesAlways: true,
    roles: true,
    announcesKilling: true,
    heavyPlans: "never",
    standbyStream: "redirect",
    slowConsumer: "close",
    noLeaderStatus: 502,
    textHostSeparator: undefined,
    jsonContentType: "application/json",
    server: undefined,
  },
} as const satisfies Record<Dialect, DialectRules>;

export const dialects: readonly Dialect[] = ["1.1", "1.4", "1.5", "1.10"];

export function rulesOf(dialect: Dialect): DialectRules {
  return rules[dialect];
}
