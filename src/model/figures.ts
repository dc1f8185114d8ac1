import type { CheckKind } from "./check.ts";
import type { GatewayKind, HelloFlaw } from "./gateway.ts";
import type { ReplicaState } from "./replica.ts";
import type { Mode, Protocol } from "./service.ts";

/** One service's numbers at one moment, for metrics. `cells` is laid out as `counters.ts` says. */
export interface ServiceFigures {
  /** `<name>:<port>`, unique among TCP and among UDP services. */
  readonly service: string;
  readonly protocol: Protocol;
  readonly mode: Mode;
  readonly cells: Float64Array;
  /** Connections, or UDP sessions, all workers together take for it. */
  readonly limit: number;
  readonly listeners: readonly ListenerFigures[];
  readonly replicas: readonly ReplicaFigures[];
}

export interface ListenerFigures {
  /** `host:port`. */
  readonly address: string;
  readonly bound: boolean;
  /** Bytes of datagrams the kernel holds for it, by its own count; only for UDP. */
  readonly receiveBuffer?: number;
  /** Datagrams the kernel dropped since it was bound; only for UDP, where the kernel tells. */
  readonly kernelDrops?: number;
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

/** The connections of the whole process at one moment. */
export interface ConnectionFigures {
  /** Those of services that are gone included. */
  readonly active: number;
  /** How many there may be. */
  readonly limit: number;
  /** It is memory that has no room for more, not the limit of descriptors. */
  readonly isByMemory: boolean;
  /** Turned away since there were as many. */
  readonly refused: number;
}

/** One gateway port's numbers at one moment. */
export interface GatewayFigures {
  readonly kind: GatewayKind;
  readonly port: number;
  /** Of its connections, and of requests that went no further, laid out as `counters.ts` says. */
  readonly cells: Float64Array;
  readonly listeners: readonly ListenerFigures[];
  /** Requests, or connections, for hosts that nobody serves. */
  readonly unknownHosts: number;
  /** TLS connections that went on to a service, and those whose TLS ended here. */
  readonly passedThrough: number;
  readonly terminated: number;
  /** Beginnings that were no good, by why. */
  readonly refusedHellos: ReadonlyMap<HelloFlaw, number>;
}

/** Upper bounds of the time a full look at a source takes, in seconds. */
export const syncBuckets = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60] as const;

/** What happened to a source over its whole life, in more detail than people read. */
export interface SourceCounts {
  /** Events by what they said. */
  readonly eventKinds: ReadonlyMap<string, number>;
  /** Streams that were opened again, by how the one before had ended. */
  readonly reconnectReasons: ReadonlyMap<string, number>;
  /** Full looks by `syncBuckets`, the last one being beyond all of them. */
  readonly syncTimes: Float64Array;
  /** In seconds. */
  readonly syncTimeSum: number;
}

/** How one source is doing. Times in ms since the epoch. */
export interface SourceFigures {
  readonly source: string;
  readonly connected: boolean;
  readonly syncs: number;
  readonly failures: number;
  readonly lastSyncAt: number | undefined;
  readonly counts: SourceCounts;
}

/** Upper bounds of the time a probe takes, in seconds. */
export const probeBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5] as const;

/** How long probes of one kind took. */
export interface ProbeFigures {
  readonly kind: CheckKind;
  /** Counts by `probeBuckets`, the last one being beyond all of them. */
  readonly durations: Float64Array;
  /** In seconds. */
  readonly durationSum: number;
}

/** What probes of one kind have found for one service; replicas that several services share are the first one's. */
export interface CheckFigures {
  /** `<name>:<port>`. */
  readonly service: string;
  readonly kind: CheckKind;
  readonly good: number;
  readonly bad: number;
  /** No answer in time. */
  readonly late: number;
  /** Without a word on the replica: our own shortage, or we stood still. */
  readonly void: number;
}

/** How often replicas of one service came up and went down. */
export interface TransitionFigures {
  /** `<name>:<port>`. */
  readonly service: string;
  readonly protocol: Protocol;
  readonly up: number;
  readonly down: number;
}
