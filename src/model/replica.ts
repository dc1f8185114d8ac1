import type { Address } from "./address.ts";

/** Three values, since not knowing is not the same as knowing it is broken. */
export type Health = "up" | "down" | "unknown";

/** What the routing table says of a replica; only `up` gets new connections. */
export type ReplicaState = Health | "draining" | "ejected";

/** One running copy of a service, as its source describes it. */
export interface Replica {
  /** The task's id, unique within the source. */
  readonly task: string;
  /** The machine it runs on, as the source names it. */
  readonly host: string;
  /** The id that its source gives the machine; absent where it has none. */
  readonly agent?: string;
  /** Where to dial; the host may still be a name. */
  readonly address: Address;
  /** The name that its source gave for `address`, once it is resolved; absent where that was an address. */
  readonly dialName?: string | undefined;
  /** True until it is said to run: whoever answers at its address before that is somebody else. */
  readonly isStarting?: boolean;
  /** The port that is checked in place of its own; absent for its own. */
  readonly checkPort?: number;
  /** It takes connections only while none of its siblings with a lower number is up; absent for 0. */
  readonly standby?: number;
  /** Share of the traffic relative to its siblings, 0–1000; 0 takes no new connections. */
  readonly weight: number;
  /** The source's own verdict. */
  readonly health: Health;
  /** Why, in a few words: `all 2 checks pass`, `task is staging`. */
  readonly reason: string;
  /**
   * What its source knew before it knew nothing, and when that ended (ms since the epoch): only in a state that is kept
   * for the next start, which would lose it otherwise.
   */
  readonly lastKnown?: { readonly health: Health; readonly at: number };
  /** True while it is being stopped on purpose: it keeps its connections and gets no new ones. */
  readonly draining: boolean;
}

export const defaultWeight = 500;
