export const balancePolicies = ["leastconn", "roundrobin", "random2", "source", "first"] as const;

/** The rule by which a replica is picked for a connection. */
export type BalancePolicy = (typeof balancePolicies)[number];

export const localities = ["any", "prefer", "only"] as const;

/** Whether replicas on this host come first, or alone. */
export type Locality = (typeof localities)[number];

export const datagramModes = ["session", "packet", "multicast"] as const;

/** Whether a client's datagrams stay on one replica, are balanced one by one, or go to every replica. */
type DatagramMode = (typeof datagramModes)[number];

/** How a UDP service is forwarded. */
interface DatagramPolicy {
  readonly datagrams: DatagramMode;
  /** A session without a datagram in either direction for this long ends. */
  readonly sessionIdleMs: number;
  /** Sessions at the same time, over all workers of this host. */
  readonly maxSessions: number;
  /** Answers after which a session ends until the next request; 0 is no limit. */
  readonly expectedReplies: number;
}

export const httpReuses = ["keep-alive", "server-close", "close"] as const;

/** Which connections outlive a request: the client's and the replica's, the client's alone, or none. */
type HttpReuse = (typeof httpReuses)[number];

/** How an HTTP service is forwarded. */
interface HttpPolicy {
  readonly httpReuse: HttpReuse;
  /** Name of the cookie that keeps a client on its replica; empty for none. */
  readonly stickyCookie: string;
  /** What this proxy is called in `Via` of requests and answers; empty for no such field. */
  readonly via: string;
  /** How long a client may be silent in the middle of its request, and between two. */
  readonly clientTimeoutMs: number;
  /** How long a replica may take to begin its answer, and be silent in the middle of it. */
  readonly serverTimeoutMs: number;
}

/** How one service is forwarded; flags set it for all, labels for one. Times in ms. */
export interface ServicePolicy extends DatagramPolicy, HttpPolicy {
  readonly balance: BalancePolicy;
  readonly locality: Locality;
  /** Connections at the same time, over all workers of this host; more are reset. */
  readonly maxConnections: number;
  /** Connections one replica gets from this host at the same time; 0 is no limit, more wait. */
  readonly replicaLimit: number;
  /** How long a connection waits for a replica with room before it is reset. */
  readonly queueTimeoutMs: number;
  /** A new replica's share grows from almost nothing to its weight over this time; 0 gives it all at once. */
  readonly slowStartMs: number;
  /** Reset the connections of a replica that goes down. */
  readonly closeOnDown: boolean;
  /** How long connections of a removed or draining replica may go on; 0 lets them end by themselves. */
  readonly drainMs: number;
  /** Clients begin with a PROXY header, version 1 or 2; only trusted sources may connect. */
  readonly acceptProxy: boolean;
  /** Begin each connection to a replica with a PROXY header of this version; 0 sends none. */
  readonly sendProxy: 0 | 1 | 2;
  /** Client networks that may connect (CIDR or address); empty lets all. */
  readonly allow: readonly string[];
  /** Client networks that may not connect; stronger than `allow`. */
  readonly deny: readonly string[];
  /** No byte in either direction for this long ends a connection. */
  readonly idleMs: number;
  /** Each connection, or each request in HTTP mode, is a line of the access log. */
  readonly accessLog: boolean;
}

/** What applies where neither a flag nor a label says otherwise. */
export const defaultPolicy: ServicePolicy = Object.freeze({
  balance: "leastconn",
  locality: "any",
  maxConnections: 8192,
  replicaLimit: 0,
  queueTimeoutMs: 5000,
  slowStartMs: 0,
  closeOnDown: false,
  drainMs: 0,
  acceptProxy: false,
  sendProxy: 0,
  allow: Object.freeze([]),
  deny: Object.freeze([]),
  idleMs: 3_600_000,
  accessLog: false,
  datagrams: "session",
  sessionIdleMs: 60_000,
  maxSessions: 4096,
  expectedReplies: 0,
  httpReuse: "keep-alive",
  stickyCookie: "",
  via: "",
  clientTimeoutMs: 60_000,
  serverTimeoutMs: 300_000,
});
