import type { Address } from "../model/address.ts";
import type { BalancePolicy } from "../model/policy.ts";
import type { Protocol } from "../model/service.ts";
import type { Candidate } from "../routing/balancing/picker.ts";

/** A replica that may get new connections. */
export interface EngineReplica extends Candidate {
  readonly address: Address;
  /** Its row in the shared counters. */
  readonly row: number;
}

/** What an engine needs to serve one service port; made by the control plane, never changed. */
export interface EngineRoute {
  /** `tcp/1234`. */
  readonly key: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly balance: BalancePolicy;
  /** Its row in the shared counters. */
  readonly row: number;
  /** Only replicas that are up. */
  readonly replicas: readonly EngineReplica[];
}

export type EngineChange =
  | { readonly kind: "set"; readonly route: EngineRoute }
  | { readonly kind: "remove"; readonly key: string };

/** What an engine says of its listeners. */
export type EngineReport =
  | { readonly kind: "listening"; readonly key: string; readonly address: Address }
  | {
      readonly kind: "bind-failed";
      readonly key: string;
      readonly address: Address;
      readonly code: string;
    }
  | { readonly kind: "closed"; readonly key: string; readonly address: Address };
