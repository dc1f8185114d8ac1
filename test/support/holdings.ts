import { lookAtProcess, sharesNetwork, type KernelSocket } from "./process-sockets.ts";

/** What a running program holds open, by what it is for. */
export interface Holdings {
  /** Ports that it listens on, as `tcp/80`. */
  readonly listening: ReadonlySet<string>;
  /** Connections of its clients, those of the status port left out. */
  readonly clients: number;
  /** Clients that still hold their end; undefined where they are in another network, which cannot be seen. */
  readonly visitors: number | undefined;
  /** UDP sockets that have a peer. */
  readonly sessions: number;
  /** Connections to replicas that speak HTTP; some are kept for later requests. */
  readonly kept: number;
  /** Everything else: files, sources, probes, connections to other replicas, what threads have. */
  readonly rest: number;
  /** Connections that one side alone has ended, those of the status port left out. */
  readonly halfClosed: readonly string[];
}

export interface KnownPorts {
  readonly status: number | undefined;
  /** Ports of services that are being drained: nobody listens there, and connections go on. */
  readonly draining: readonly number[];
  /** Ports of replicas that are spoken to in HTTP. */
  readonly http: ReadonlySet<number>;
}

/** Looks at what a process holds open now. */
export function holdingsOf(pid: number, { status, draining, http }: KnownPorts): Holdings {
  const { sockets: all, descriptors } = lookAtProcess(String(pid));
  const own = all.filter(({ isOwn, localPort }) => isOwn && localPort !== status);
  const listeners = own.filter(({ state }) => state === "listening");
  const streams = own.filter(({ protocol, state }) => protocol === "tcp" && state !== "listening");
  const tcpPorts = listeners.filter(({ protocol }) => protocol === "tcp");
  const ports = new Set([...draining, ...tcpPorts.map(({ localPort }) => localPort)]);
  const clients = streams.filter(({ localPort }) => ports.has(localPort));
  const sessions = own.filter((one) => one.protocol === "udp" && one.state === "connected").length;
  const kept = streams.filter((one) => !ports.has(one.localPort) && http.has(one.remotePort));
  const visiting = all.filter(
    (one) => one.protocol === "tcp" && one.isHeld && !one.isOwn && ports.has(one.remotePort),
  );
  const aside = all.filter(({ isOwn, localPort }) => isOwn && localPort === status).length;
  const counted = listeners.length + clients.length + sessions + kept.length + aside;
  return {
    listening: new Set(listeners.map(({ protocol, localPort }) => `${protocol}/${localPort}`)),
    clients: clients.length,
    visitors: sharesNetwork(pid) ? visiting.length : undefined,
    sessions,
    kept: kept.length,
    rest: descriptors - counted,
    halfClosed: streams.filter(isHalfClosed).map(({ ends, state }) => `${ends} in ${state}`),
  };
}

function isHalfClosed({ state }: KernelSocket): boolean {
  return state === "close-wait" || state === "fin-wait-2";
}
