import type { Address } from "../model/address.ts";
import type { HostClaims } from "../model/host-claims.ts";
import type { DialFailure } from "../model/outcome.ts";
import type { ServicePolicy } from "../model/policy.ts";
import type { ReplicaState } from "../model/replica.ts";
import type { Mode, Protocol } from "../model/service.ts";
import type { Candidate } from "../routing/balancing/picker.ts";

/** A replica as an engine knows it; only those that are `up` get new connections. */
export interface EngineReplica extends Candidate {
  readonly address: Address;
  readonly state: ReplicaState;
  /** The task that runs there: another one on the same address is judged anew. */
  readonly task: string;
  /** True when it runs on this host. */
  readonly isLocal: boolean;
  /** Its row in the shared counters. */
  readonly row: number;
}

/** What an engine needs to serve one service port; made by the control plane, never changed. */
export interface EngineRoute {
  /** `tcp/1234`. */
  readonly key: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly mode: Mode;
  readonly policy: ServicePolicy;
  /** Its row in the shared counters. */
  readonly row: number;
  /** The host names under which the gateway serves it; absent for none. */
  readonly hosts?: HostClaims | undefined;
  readonly replicas: readonly EngineReplica[];
}

export type EngineChange =
  | { readonly kind: "set"; readonly route: EngineRoute }
  | { readonly kind: "remove"; readonly key: string };

/** What an engine says of its listeners. */
export type ListenerReport =
  | {
      readonly kind: "listening";
      readonly key: string;
      readonly address: Address;
      /** Bytes the kernel may hold for it, as the kernel counts them; only where datagrams are received. */
      readonly receiveBuffer?: number;
    }
  | {
      readonly kind: "bind-failed";
      readonly key: string;
      readonly address: Address;
      readonly code: string;
    }
  | { readonly kind: "closed"; readonly key: string; readonly address: Address };

/** What an engine says of replicas that its connections showed to be broken, or whole again. */
export type ReplicaReport =
  | {
      readonly kind: "ejected";
      readonly key: string;
      readonly replica: string;
      readonly reason: string;
      readonly forMs: number;
    }
  /** It was ejected and has proven itself; `well` has only had trouble, or is judged anew. */
  | { readonly kind: "readmitted" | "well"; readonly key: string; readonly replica: string }
  /** A connection had trouble with it; said twice a second at most. */
  | {
      readonly kind: "suspect";
      readonly key: string;
      readonly replica: string;
      readonly failure: DialFailure;
      /** Connections in a row that it failed, as far as counted; 0 for trouble that does not count. */
      readonly inARow: number;
    };

/** Ejection alone would leave a service without a replica, so it is not looked at; said once a minute at most. */
interface FailOpenReport {
  readonly kind: "fail-open";
  readonly key: string;
}

export type EngineReport = ListenerReport | ReplicaReport | FailOpenReport;
