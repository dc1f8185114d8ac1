// What `/api/live` sends. An event `full` begins anew; a `change` has only what differs from what was sent before; an
// event `replicas` is about services that were asked for by `?open=tcp/1234`. Times are in ms since the epoch.

/** Numbers of one service or replica, by place: open connections (UDP: sessions); then per second new connections,
 * bytes from clients, bytes to clients and errors; then connections, errors, attempts on another replica and clients that
 * were not allowed, since the start. */
export type Traffic = readonly [
  open: number,
  opened: number,
  received: number,
  sent: number,
  failed: number,
  openedTotal: number,
  failedTotal: number,
  retriedTotal: number,
  deniedTotal: number,
];

/** The data of a `full` or `change` event; what is absent is as it was. */
export interface LiveChange {
  /** The clock of the proxy, for ages. */
  readonly now: number;
  readonly head?: LiveHead;
  readonly sources?: readonly LiveSource[];
  readonly problems?: LiveProblems;
  /** The newest first. */
  readonly routing?: readonly RoutingChange[];
  /** New services and those that are described differently now. */
  readonly services?: readonly LiveService[];
  readonly traffic?: readonly (readonly [key: string, ...traffic: Traffic])[];
  /** Keys of services that are no more. */
  readonly gone?: readonly string[];
}

export interface LiveHead {
  readonly version: string;
  /** As `/status` tells it. */
  readonly phase: string;
  /** The version of the routing table and when it was published. */
  readonly table: number;
  readonly updatedAt: number;
}

/** A source as `/api/sources` tells it, less what changes by the mere passing of time. */
export interface LiveSource {
  readonly name: string;
  readonly endpoint: string;
  readonly connected: boolean;
  readonly lastEvent: string | null;
  readonly lastSync: string | null;
  readonly lastError: string | null;
  readonly events: number;
  readonly reconnects: number;
  readonly syncs: number;
  readonly failures: number;
}

export interface LiveProblems {
  /** How many there are; `first` is bounded. */
  readonly total: number;
  readonly first: readonly {
    readonly kind: string;
    readonly subject: string;
    readonly reason: string;
    readonly since: number;
  }[];
}

/** One table that was published: what it changed, in one bounded line. */
export interface RoutingChange {
  readonly version: number;
  readonly at: number;
  readonly line: string;
}

export interface LiveService {
  /** `tcp/1234`. */
  readonly key: string;
  readonly name: string;
  readonly app: string;
  readonly port: number;
  readonly mode: string;
  readonly balance: string;
  readonly source: string;
  readonly listening: readonly string[];
  /** Connections it may have at once. */
  readonly limit: number;
  /** Replicas there are, and those that get new connections. */
  readonly total: number;
  readonly up: number;
  /** Why replicas are out, the first of them in full; empty when all are up. */
  readonly out: string;
  /** Addresses and hosts of its replicas, to be searched; bounded. */
  readonly places: string;
  /** Problems about its app or its port. */
  readonly problems: number;
}

/** The data of a `replicas` event, one per service that changed. */
export interface LiveReplicas {
  readonly service: string;
  readonly set: readonly LiveReplica[];
  /** Addresses of replicas that are no more. */
  readonly gone: readonly string[];
}

export interface LiveReplica {
  readonly address: string;
  readonly host: string;
  readonly task: string;
  readonly weight: number;
  readonly state: string;
  readonly reason: string;
  readonly since: number;
  readonly traffic: Traffic;
}
