import type { BalancePolicy, Locality } from "../model/policy.ts";
import type { LogLevel } from "../model/logger.ts";
import type { LogFormat, MetricsDetail } from "./choices.ts";

/** Where the status port binds: an IP literal or `localhost`, and a port of which 0 takes any free one. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Both ends belong to the range. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Everything that can be set. Times are in ms, fit a timer, and are 0 only where that is said to mean something. */
export interface Settings {
  /** Marathon's members, tried in this order; the userinfo of a URL is a secret. Default: none. */
  readonly marathon: readonly URL[];
  /** File with `user:password` or a whole `authorization` header value. Default: no credentials. */
  readonly marathonAuthFile: string | undefined;
  /** Longest time between two full looks at a source. Default: 60 000. */
  readonly refreshIntervalMs: number;
  /** True holds back an answer that would remove most replicas at once until it is confirmed. Default: true. */
  readonly shrinkGuard: boolean;
  /** IP literals that service ports bind to, without brackets. Default: 127.0.0.1. */
  readonly bind: readonly string[];
  /** Service ports that apps may claim. Default: 1–65535. */
  readonly portRange: PortRange;
  /** Connections per service at the same time. Default: 8192. */
  readonly maxConnections: number;
  /** No byte in either direction for this long ends a connection, where labels do not say. Default: 3 600 000. */
  readonly idleTimeoutMs: number;
  /** Networks and addresses whose PROXY headers are believed. Default: none. */
  readonly proxyTrusted: readonly string[];
  /** For services that do not choose their own. Default: leastconn. */
  readonly balance: BalancePolicy;
  /** For services that do not choose their own. Default: any. */
  readonly locality: Locality;
  /** Names and addresses of this host, by which its replicas are told. Default: none, which leaves finding out to the caller. */
  readonly hostNames: readonly string[];
  /** Connections a replica gets at the same time, before `groupSize` divides them; 0 is no limit. Default: 0. */
  readonly replicaLimit: number;
  /** Hosts that share a replica's limit. Default: 1. */
  readonly groupSize: number;
  /** How long a connection waits for a replica with room. Default: 5000. */
  readonly queueTimeoutMs: number;
  /** Time over which a new replica's share grows to its weight; 0 gives it at once. Default: 0. */
  readonly slowStartMs: number;
  /** Time for one attempt to reach a replica. Default: 3000. */
  readonly connectTimeoutMs: number;
  /** Time that running connections get at shutdown. Default: 30 000. */
  readonly drainTimeoutMs: number;
  /** Undefined opens no status port. Default: 0.0.0.0:9090. */
  readonly statusEndpoint: Endpoint | undefined;
  /** Finest label of the metrics. Default: service. */
  readonly metricsDetail: MetricsDetail;
  /** Already folded into `logLevel`. Default: false. */
  readonly verbose: boolean;
  /** Least severe level written; `verbose` has lowered it to debug unless it was set at least as strongly. Default: info. */
  readonly logLevel: LogLevel;
  /** Default: auto, which is text on a terminal and json elsewhere. */
  readonly logFormat: LogFormat;
  /** Threads of the data plane, 1–64, or one per core. Default: 1. */
  readonly workers: number | "auto";
  /** The YAML or JSON file that was read. Default: none. */
  readonly configFile: string | undefined;
}

export type SettingName = keyof Settings;

/** Where a value came from; `name` is what a user would search for: `--workers`, `WORKERS`, `portolan.yaml: workers`. */
export interface Origin {
  readonly kind: "flag" | "environment" | "file" | "default";
  readonly name: string;
}

/** A complete, checked and frozen configuration. */
export interface Config extends Settings {
  readonly origins: Readonly<Record<SettingName, Origin>>;
}
