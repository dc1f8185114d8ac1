import type { HostClaims } from "../model/host-claims.ts";
import type { Route, RoutedReplica, Table } from "../routing/table.ts";

/** What the table alone does not know, looked up when asked. */
export interface LiveFigures {
  /** Addresses that are bound for a route, as `host:port`. */
  readonly listening: (key: string) => readonly string[];
  /** Connections open now on a replica of a route. */
  readonly connections: (key: string, replica: string) => number;
  /** What the newest probe of a replica found; undefined when it is not probed or not yet. */
  readonly probed: (key: string, replica: string) => string | undefined;
  /** Why a replica that is up gets no connections all the same, and since when in ms since the epoch. */
  readonly ejection: (
    key: string,
    replica: string,
  ) => { readonly reason: string; readonly since: number } | undefined;
}

export interface TableFigures extends LiveFigures {
  /** Services that are no longer in the table but have connections. */
  readonly draining: () => readonly DrainingView[];
}

/** A replica in the answer of `/api/table`. */
interface ReplicaView {
  readonly address: string;
  readonly host: string;
  readonly task: string;
  readonly weight: number;
  readonly state: string;
  readonly reason: string;
  readonly since: string;
  readonly connections: number;
}

/** A service in the answer of `/api/table`. */
interface ServiceView {
  readonly name: string;
  readonly app: string;
  readonly port: number;
  readonly protocol: string;
  readonly mode: string;
  readonly balance: string;
  readonly listening: readonly string[];
  readonly source: string;
  /** The host names under which the gateway serves it; absent for none. */
  readonly hosts?: HostClaims;
  readonly replicas: readonly ReplicaView[];
}

/** A service that is gone, in the answer of `/api/table`: connections that it had run on. */
interface DrainingView {
  /** Its protocol and port: `tcp/8080`. */
  readonly key: string;
  readonly connections: number;
}

export interface TableView {
  readonly version: number;
  readonly updatedAt: string;
  readonly services: readonly ServiceView[];
  /** Absent for none. */
  readonly draining?: readonly DrainingView[];
}

/** The answer of `/api/table`. */
export function viewTable(table: Table, live: TableFigures): TableView {
  const services = table.routes.map((route) => viewRoute(route, live));
  const updatedAt = new Date(table.updatedAt).toISOString();
  const draining = live.draining();
  return {
    version: table.version,
    updatedAt,
    services,
    ...(draining.length === 0 ? {} : { draining }),
  };
}

function viewRoute(route: Route, live: LiveFigures): ServiceView {
  const { key, name, app, port, protocol, mode, source, hosts } = route;
  const { balance } = route.policy;
  const replicas = route.replicas.map((replica) =>
    viewReplica(presentOf(replica, key, live), live.connections(key, replica.key)),
  );
  return {
    name,
    app,
    port,
    protocol,
    mode,
    balance,
    listening: live.listening(key),
    source,
    ...(hosts === undefined ? {} : { hosts }),
    replicas,
  };
}

/** A replica of the table with what only its connections and its probes know. */
export function presentOf(replica: RoutedReplica, key: string, live: LiveFigures): RoutedReplica {
  if (replica.state !== "up") return replica;
  const ejection = live.ejection(key, replica.key);
  if (ejection !== undefined) return { ...replica, ...ejection, state: "ejected" };
  const found = live.probed(key, replica.key);
  return found === undefined ? replica : { ...replica, reason: `probe ${found}` };
}

function viewReplica(replica: RoutedReplica, connections: number): ReplicaView {
  const { key, host, task, weight, state, reason } = replica;
  const since = new Date(replica.since).toISOString();
  return { address: key, host, task, weight, state, reason, since, connections };
}
