import type { CheckPolicy } from "./check.ts";
import type { Locality } from "./policy.ts";
import type { HostClaims } from "./host-claims.ts";
import type { ReplicaState } from "./replica.ts";

/** Why each replica of an app is in rotation or out of it. */
export interface Explanation {
  readonly app: string;
  /** Names, addresses and agent ids by which replicas on this host are told. */
  readonly thisHost: readonly string[];
  readonly services: readonly ServiceExplanation[];
}

export interface ServiceExplanation {
  /** `tcp/1234`. */
  readonly key: string;
  readonly source: string;
  /** False when another app has the port, or it is not ours to give. */
  readonly isServed: boolean;
  /** The host names under which the gateway serves it; undefined for none. */
  readonly hosts: HostClaims | undefined;
  /** Whether replicas on this host come first, or alone; undefined when it is not served. */
  readonly locality: Locality | undefined;
  readonly check: CheckPolicy;
  /** Who decided a part of the check, by its name; what is not here is as the flags say. */
  readonly checkFrom: Readonly<Record<string, string>>;
  readonly replicas: readonly ReplicaExplanation[];
}

export interface ReplicaExplanation {
  readonly task: string;
  readonly host: string;
  /** The id that its source gives the machine; absent where it has none. */
  readonly agent?: string;
  /** `host:port`. */
  readonly address: string;
  readonly weight: number;
  /** True when it runs on this host. */
  readonly isLocal: boolean;
  /** True when it gets new connections. */
  readonly isIn: boolean;
  readonly state: ReplicaState;
  readonly reason: string;
  /** In ms since the epoch. */
  readonly since: number;
  readonly signals: readonly Signal[];
  /** Time until the next probe, in ms; undefined when it is not probed. */
  readonly nextProbeInMs: number | undefined;
}

/** One thing that is known of a replica. */
export interface Signal {
  /** The source's name, `probe` or `connections`. */
  readonly from: string;
  readonly says: string;
  readonly reason: string;
  /** How long ago it was learnt, in ms; undefined when it never was. */
  readonly ageMs: number | undefined;
}
