import type { HealthMode } from "../model/check.ts";
import type { BalancePolicy, Locality } from "../model/policy.ts";
import type { LogLevel } from "../model/logger.ts";
import type {
  AccessLogFormat,
  FileNaming,
  LogFormat,
  MetricsDetail,
  SourceName,
} from "./choices.ts";

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
  /** One member by host and port, as mmsd was told; it comes after those of `marathon`. Default: none. */
  readonly marathonHost: string | undefined;
  /** Default: 8080. */
  readonly marathonPort: number;
  /** PEM file of the authorities to trust for https. Default: the system's. */
  readonly marathonCa: string | undefined;
  /** PEM files of the certificate to show to Marathon, and of its key. Default: none. */
  readonly marathonCert: string | undefined;
  readonly marathonKey: string | undefined;
  /** False forwards no TCP (no UDP) services at all. Default: true. */
  readonly enableTcp: boolean;
  readonly enableUdp: boolean;
  /** False leaves health to the sources, as `health: marathon`. Default: true. */
  readonly enableHealthChecks: boolean;
  /** Groups whose ports are forwarded; `*` is every port. Default: `*`. */
  readonly groups: readonly string[];
  /** False leaves out services whose replicas listen on the service port itself. Default: true. */
  readonly exposeHost: boolean;
  /** True offers endpoints of pods that carry a service port by label. Default: false. */
  readonly pods: boolean;
  /** YAML or JSON file with services. Default: none. */
  readonly file: string | undefined;
  /** Where registrator writes, `etcd://…` or `etcd3://…`. Default: none. */
  readonly registrator: string | undefined;
  /** URL of a Consul agent. Default: none. */
  readonly consul: string | undefined;
  /** File with its token. Default: none. */
  readonly consulTokenFile: string | undefined;
  /** PEM files for https: the authorities, our certificate, its key. Default: the system's authorities and no certificate. */
  readonly consulCa: string | undefined;
  readonly consulCert: string | undefined;
  readonly consulKey: string | undefined;
  /** Default: the agent's own. */
  readonly consulDatacenter: string | undefined;
  /** Tags that instances must all have. Default: none, which takes all instances. */
  readonly consulTags: readonly string[];
  /** Any server may answer, also one that lags behind. Default: false. */
  readonly consulStale: boolean;
  /** What an instance with a warning is to Consul's users. Default: up. */
  readonly consulWarning: "up" | "down";
  /** DNS names whose SRV records are replicas, each with its service port, `name=port`. Default: none. */
  readonly dnsSrv: readonly string[];
  /** Name servers that are asked for these, each with or without a port. Default: those of this host. */
  readonly dnsSrvServers: readonly string[];
  /** A Docker engine, `unix:///…` or `tcp://…`. Default: none. */
  readonly docker: string | undefined;
  /** Sources, strongest first. Default: marathon, registrator, consul, file, dns, docker. */
  readonly sourcePriority: readonly SourceName[];
  /** True lets claims of several sources on one port share it. Default: false. */
  readonly mergeSources: boolean;
  /** Longest time between two full looks at a source. Default: 60 000. */
  readonly refreshIntervalMs: number;
  /** True holds back an answer that would remove most replicas at once until it is confirmed. Default: true. */
  readonly shrinkGuard: boolean;
  /** Where what the sources said last is kept for a start without them. Default: nowhere. */
  readonly stateFile: string | undefined;
  /** Directory for one file per app and port with its healthy replicas. Default: none. */
  readonly upstreamConfd: string | undefined;
  /** Which names the files have. Default: readme. */
  readonly upstreamNames: FileNaming;
  /** Program and arguments to run after the files have changed. Default: none. */
  readonly upstreamHook: readonly string[];
  /** As mmsd was told: below it, `confd` is the directory of the files. Default: none. */
  readonly runStateDir: string | undefined;
  /** False writes no files, whatever directory is named. Default: true. */
  readonly enableFiles: boolean;
  /** Default: false. */
  readonly enableDns: boolean;
  /** The port of the DNS server, on every address that service ports bind to. Default: 53. */
  readonly dnsPort: number;
  /** What the names of apps end in. Default: `mmsd.`. */
  readonly dnsBasename: string;
  /** How long answers may be kept. Default: 5000. */
  readonly dnsTtlMs: number;
  /** True adds SRV records to answers of addresses. Default: false. */
  readonly dnsPushSrv: boolean;
  /** True asks the host's resolvers for names that are not ours. Default: false. */
  readonly dnsForward: boolean;
  /** A port of its own for the service API, on every address that service ports bind to. Default: none. */
  readonly apiPort: number | undefined;
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
  /** What the names of apps end in on `vhostPort`, lower case. Default: none, which serves no such names. */
  readonly vhostDomain: string | undefined;
  /** Default: 80. */
  readonly vhostPort: number;
  /** True serves the host names that labels claim. Default: false. */
  readonly enableGateway: boolean;
  /** IP literals that ports of host names bind to. Default: 0.0.0.0. */
  readonly gatewayBind: readonly string[];
  /** Default: 80. */
  readonly gatewayPortHttp: number | undefined;
  /** Default: 443. */
  readonly gatewayPortHttps: number | undefined;
  /** Connections on one such port at the same time. Default: 16 384. */
  readonly gatewayConnections: number;
  /** True when clients of ports of host names begin with a PROXY header. Default: false. */
  readonly proxyProtocol: boolean;
  /** Directory of certificates with which TLS ends here. Default: none, which decrypts nothing. */
  readonly tlsCertDir: string | undefined;
  /** How connections and requests are logged; services choose whether. Default: off. */
  readonly accessLog: AccessLogFormat;
  /** For services that do not choose their own. Default: leastconn. */
  readonly balance: BalancePolicy;
  /** For services that do not choose their own. Default: any. */
  readonly locality: Locality;
  /** Names, addresses and agent ids of this host beside those it knows by itself. Default: none. */
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
  /** Whose word counts for services whose labels do not say, as the settings of probes below. Default: both. */
  readonly health: HealthMode;
  /** Default: 2000. */
  readonly checkIntervalMs: number;
  /** Default: 500. */
  readonly checkFastIntervalMs: number;
  /** For one whole probe. Default: 2000. */
  readonly checkTimeoutMs: number;
  /** Default: 2. */
  readonly checkRise: number;
  /** Default: 3. */
  readonly checkFall: number;
  /** File with secrets for probes, by app. Default: none. */
  readonly checkSecrets: string | undefined;
  /** Time that running connections get at shutdown. Default: 30 000. */
  readonly drainTimeoutMs: number;
  /** Undefined opens no status port. Default: 0.0.0.0:9090. */
  readonly statusEndpoint: Endpoint | undefined;
  /** File with the token that operators must know to change anything by the status port. Default: nothing can be changed. */
  readonly adminTokenFile: string | undefined;
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
  /** Percent of the memory a control group allows at which newcomers are refused and still connections ended, 0 for never. Default: 85. */
  readonly shedMemoryAt: number;
  /** Path of the socket at which one portolan asks another to yield its ports. Default: none, which shares no port. */
  readonly takeover: string | undefined;
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
