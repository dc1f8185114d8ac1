import type { ReplicaState } from "./replica.ts";
import type { Protocol } from "./service.ts";

/** One service's numbers at one moment, for metrics. `cells` is laid out as `counters.ts` says. */
export interface ServiceFigures {
  /** `<name>:<port>`, unique among TCP and among UDP services. */
  readonly service: string;
  readonly protocol: Protocol;
  readonly cells: Float64Array;
  /** Connections all workers together take for it. */
  readonly limit: number;
  readonly listeners: readonly ListenerFigures[];
  readonly replicas: readonly ReplicaFigures[];
}

export interface ListenerFigures {
  /** `host:port`. */
  readonly address: string;
  readonly bound: boolean;
}

export interface ReplicaFigures {
  /** `host:port`. */
  readonly replica: string;
  readonly state: ReplicaState;
  readonly weight: number;
  /** When it entered its state, in ms since the epoch. */
  readonly since: number;
  readonly cells: Float64Array;
}

/** How one source is doing. Times in ms since the epoch. */
export interface SourceFigures {
  readonly source: string;
  readonly connected: boolean;
  readonly events: number;
  readonly reconnects: number;
  readonly syncs: number;
  readonly failures: number;
  readonly lastSyncAt: number | undefined;
  readonly lastSyncDurationMs: number | undefined;
}
