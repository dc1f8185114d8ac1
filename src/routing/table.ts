import type { Address } from "../model/address.ts";
import type { CheckKind } from "../model/check.ts";
import type { HostClaims } from "../model/host-claims.ts";
import type { Problem } from "../model/problem.ts";
import type { ReplicaState } from "../model/replica.ts";
import type { ServicePolicy } from "../model/policy.ts";
import type { Mode, Protocol } from "../model/service.ts";

/** A replica as the data plane and `/api/table` see it. */
export interface RoutedReplica {
  /** `host:port` of the address; unique within its route. */
  readonly key: string;
  /** An IP literal and a port, ready to dial. */
  readonly address: Address;
  /** The machine it runs on, as its source names it. What answers there may have another address. */
  readonly host: string;
  /** The name that its source has for `address`; absent where it has none. */
  readonly dialName?: string | undefined;
  readonly agent?: string;
  readonly task: string;
  readonly weight: number;
  readonly state: ReplicaState;
  readonly reason: string;
  /** When it entered this state, in ms since the epoch. */
  readonly since: number;
}

/** The order of replicas in a route. */
export function byKey(one: RoutedReplica, other: RoutedReplica): number {
  return one.key < other.key ? -1 : 1;
}

/** One service port and where its connections may go. */
export interface Route {
  /** `tcp/1234`. */
  readonly key: string;
  readonly app: string;
  readonly name: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly mode: Mode;
  readonly policy: ServicePolicy;
  readonly source: string;
  /** Its place among the ports its app declares, from 0; absent where its source has no such order. */
  readonly portIndex?: number | undefined;
  /** The name its app gave the port. */
  readonly portName?: string | undefined;
  /** What its replicas are asked by a check that a label or its source names; absent without one. */
  readonly checkKind?: CheckKind | undefined;
  /** Further apps whose replicas serve the port; absent when there are none. */
  readonly sharers?: readonly string[];
  /** The host names under which the gateway serves it; absent for none. */
  readonly hosts?: HostClaims | undefined;
  /** Sorted by key. */
  readonly replicas: readonly RoutedReplica[];
}

/** One frozen, numbered state of all routing; only the controller makes them. */
export interface Table {
  /** 0 is the empty table before the first answer of the sources. */
  readonly version: number;
  /** When it was published, in ms since the epoch. */
  readonly updatedAt: number;
  /** Sorted by port, then protocol. */
  readonly routes: readonly Route[];
  /**
   * What apps have on ports that are not theirs alone, for those who are told of apps and not of ports: each app's part of a
   * shared route, and what was refused its port. Never served; absent when there is none.
   */
  readonly apart?: readonly Route[];
  readonly problems: readonly Problem[];
}

export const emptyTable: Table = Object.freeze({
  version: 0,
  updatedAt: 0,
  routes: Object.freeze([]),
  problems: Object.freeze([]),
});

/** Freezes a table with everything in it, so that no reader can change what another one sees. */
export function freezeTable(table: Table): Table {
  for (const route of [...table.routes, ...(table.apart ?? [])]) {
    // It was in the table before.
    if (Object.isFrozen(route)) continue;
    for (const replica of route.replicas) {
      Object.freeze(replica.address);
      Object.freeze(replica);
    }
    Object.freeze(route.replicas);
    Object.freeze(route.hosts?.http);
    Object.freeze(route.hosts?.tls);
    Object.freeze(route.hosts);
    Object.freeze(route);
  }
  Object.freeze(table.routes);
  Object.freeze(table.apart);
  Object.freeze(table.problems);
  return Object.freeze(table);
}
