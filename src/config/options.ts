import { balancePolicies, defaultPolicy, localities } from "../model/policy.ts";
import { logLevels } from "../model/logger.ts";
import { choice, logFormats, metricsDetails, onOff } from "./choices.ts";
import { duration, ports, wholeNumber, wholeNumberOrAuto } from "./numbers.ts";
import type { Reader } from "./reader.ts";
import type { SettingName, Settings } from "./settings.ts";
import { addresses, endpoint, filePath, hosts, networks, urls } from "./texts.ts";

/** The headings of `--help`, in their order. */
export const optionGroups = [
  "Discovery",
  "Listeners",
  "Balancing",
  "Health",
  "Status and metrics",
  "Logging",
  "Runtime",
] as const;

/** One setting as users write it. */
export interface Option<T> {
  /** Without dashes in front; the environment name and the file key follow from it. */
  readonly flag: string;
  /** One letter. */
  readonly alias?: string;
  /** Further environment names that older programs used. */
  readonly alsoEnv?: readonly string[];
  readonly group: (typeof optionGroups)[number];
  readonly describe: string;
  readonly reader: Reader<T>;
  readonly fallback: T;
  /** True when an empty environment variable is a value and not the absence of one. */
  readonly emptyIsValue?: true;
  /** True when the option cannot stand in the file itself. */
  readonly notInFile?: true;
  /** True when setting it gives the proxy something to serve. */
  readonly isSource?: true;
}

const second = 1000;
const hour = 3600 * second;
const day = 24 * hour;
const million = 1_000_000;

/** Every option there is; `--help`, environment names, file keys and the README's table are all read from here. */
export const options: { readonly [K in SettingName]: Option<Settings[K]> } = {
  marathon: {
    flag: "marathon",
    alias: "m",
    alsoEnv: ["MARATHON_URL"],
    group: "Discovery",
    describe: "URLs of Marathon's members, by commas or repeated; tried in this order",
    reader: urls,
    fallback: Object.freeze([]),
    isSource: true,
  },
  marathonAuthFile: {
    flag: "marathon-auth-file",
    group: "Discovery",
    describe: "File with user:password or an authorization header value for Marathon",
    reader: filePath,
    fallback: undefined,
  },
  refreshIntervalMs: {
    flag: "refresh-interval",
    alias: "i",
    group: "Discovery",
    describe: "Longest time between two full looks at a source, events or not",
    reader: duration({ least: second, most: day }),
    fallback: 60 * second,
  },
  shrinkGuard: {
    flag: "shrink-guard",
    group: "Discovery",
    describe: "Hold back an answer that would remove most replicas at once until it is confirmed",
    reader: onOff,
    fallback: true,
  },
  bind: {
    flag: "bind",
    group: "Listeners",
    describe: "IP addresses that service ports bind to",
    reader: addresses,
    fallback: Object.freeze(["127.0.0.1"]),
  },
  portRange: {
    flag: "port-range",
    group: "Listeners",
    describe: "Service ports that apps may claim",
    reader: ports,
    fallback: Object.freeze({ first: 1, last: 65_535 }),
  },
  maxConnections: {
    flag: "max-connections",
    group: "Listeners",
    describe: "Connections per service at the same time",
    reader: wholeNumber({ least: 1, most: million }),
    fallback: defaultPolicy.maxConnections,
  },
  idleTimeoutMs: {
    flag: "idle-timeout",
    group: "Listeners",
    describe: "No byte in either direction for this long ends a connection",
    reader: duration({ least: second, most: day }),
    fallback: defaultPolicy.idleMs,
  },
  drainTimeoutMs: {
    flag: "drain-timeout",
    group: "Listeners",
    describe: "Time that running connections get at shutdown",
    reader: duration({ least: 1, most: day }),
    fallback: 30 * second,
  },
  proxyTrusted: {
    flag: "proxy-trusted",
    group: "Listeners",
    describe: "Addresses and networks whose PROXY headers are believed",
    reader: networks,
    fallback: Object.freeze([]),
  },
  balance: {
    flag: "balance",
    group: "Balancing",
    describe: "How a replica is picked, for services that do not say",
    reader: choice(balancePolicies),
    fallback: defaultPolicy.balance,
  },
  locality: {
    flag: "locality",
    group: "Balancing",
    describe: "Replicas on this host: any as others, prefer them, or only them",
    reader: choice(localities),
    fallback: defaultPolicy.locality,
  },
  hostNames: {
    flag: "host-name",
    group: "Balancing",
    describe: "Names and addresses of this host; unless set, its own and its interfaces'",
    reader: hosts,
    fallback: Object.freeze([]),
  },
  replicaLimit: {
    flag: "replica-limit",
    group: "Balancing",
    describe: "Connections to one replica at the same time, 0 for no limit; more wait",
    reader: wholeNumber({ least: 0, most: million }),
    fallback: defaultPolicy.replicaLimit,
  },
  groupSize: {
    flag: "group-size",
    group: "Balancing",
    describe: "Hosts that share a replica's limit: each takes its part, rounded up",
    reader: wholeNumber({ least: 1, most: 100_000 }),
    fallback: 1,
  },
  queueTimeoutMs: {
    flag: "queue-timeout",
    group: "Balancing",
    describe: "How long a connection waits for a replica with room",
    reader: duration({ least: 1, most: hour }),
    fallback: defaultPolicy.queueTimeoutMs,
  },
  slowStartMs: {
    flag: "slow-start",
    group: "Balancing",
    describe: "Time over which a new replica's share grows to its weight, 0 for at once",
    reader: duration({ least: 0, most: hour }),
    fallback: defaultPolicy.slowStartMs,
  },
  connectTimeoutMs: {
    flag: "connect-timeout",
    group: "Health",
    describe: "Time for one attempt to reach a replica",
    reader: duration({ least: 1, most: hour }),
    fallback: 3 * second,
  },
  statusEndpoint: {
    flag: "status-endpoint",
    group: "Status and metrics",
    describe: 'Where /status, /metrics and the API are served; "" for nowhere',
    reader: endpoint,
    fallback: Object.freeze({ host: "0.0.0.0", port: 9090 }),
    emptyIsValue: true,
  },
  metricsDetail: {
    flag: "metrics-detail",
    group: "Status and metrics",
    describe: "Finest label of the metrics: service or replica",
    reader: choice(metricsDetails),
    fallback: "service",
  },
  logLevel: {
    flag: "log-level",
    group: "Logging",
    describe: "Least severe lines to write: debug, info, warn or error",
    reader: choice(logLevels),
    fallback: "info",
  },
  logFormat: {
    flag: "log-format",
    group: "Logging",
    describe: "json, text, or auto: text on a terminal, json elsewhere",
    reader: choice(logFormats),
    fallback: "auto",
  },
  verbose: {
    flag: "verbose",
    alias: "v",
    group: "Logging",
    describe: "The same as --log-level debug",
    reader: onOff,
    fallback: false,
  },
  workers: {
    flag: "workers",
    group: "Runtime",
    describe: "Threads that forward, or auto for one per core",
    reader: wholeNumberOrAuto({ least: 1, most: 64 }),
    fallback: 1,
  },
  configFile: {
    flag: "config",
    group: "Runtime",
    describe: "YAML or JSON file with any of these options, named as here without the dashes",
    reader: filePath,
    fallback: undefined,
    notInFile: true,
  },
};

/** An option whose value's type does not matter, for those who only list or name options. */
export type AnyOption = (typeof options)[SettingName];

export const settingNames: readonly SettingName[] = Object.keys(options).filter((name) =>
  isSettingName(name),
);

/** How the default is shown; empty for none. */
export function defaultText(name: SettingName): string {
  return formatSetting(name, options[name].fallback);
}

/** `refresh-interval` → `refreshInterval`, the other spelling of a file key. */
export function camelCase(flag: string): string {
  return flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(options, name);
}

function formatSetting<K extends SettingName>(name: K, value: Settings[K]): string {
  return options[name].reader.format(value);
}
