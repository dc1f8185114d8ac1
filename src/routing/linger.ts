import { byKey, type Route, type RoutedReplica } from "./table.ts";

export interface LingerOptions {
  /** The routes as they were. */
  readonly before: readonly Route[];
  /** Connections open now on a replica. */
  readonly connectionsOn: (key: string, replica: string) => number;
  /** In ms since the epoch. */
  readonly now: number;
}

/** The reason a replica has that its source no longer lists. */
const lingering = "no longer listed; its connections may end";

/** Keeps TCP replicas that their source no longer lists in sight, as draining, for as long as they have connections. */
export function keepLingering(
  after: readonly Route[],
  { before, connectionsOn, now }: LingerOptions,
): Route[] {
  const old = new Map(before.map((route) => [route.key, route]));
  return after.map((route) => {
    // A UDP session has no end of its own to wait for: it moves on with its client's next datagram.
    if (route.protocol === "udp") return route;
    const previous = old.get(route.key);
    if (previous === undefined || previous === route) return route;
    const listed = new Set(route.replicas.map(({ key }) => key));
    const left = previous.replicas
      .filter(({ key }) => !listed.has(key) && connectionsOn(route.key, key) > 0)
      .map((replica) => toLingering(replica, now));
    if (left.length === 0) return route;
    const replicas = [...route.replicas, ...left].toSorted(byKey);
    return { ...route, replicas };
  });
}

/** True when some replica is only kept in sight. */
export function hasLingering(routes: readonly Route[]): boolean {
  return routes.some(({ replicas }) => replicas.some(({ reason }) => reason === lingering));
}

function toLingering(replica: RoutedReplica, now: number): RoutedReplica {
  const since = replica.state === "draining" ? replica.since : now;
  return { ...replica, state: "draining", reason: lingering, since };
}
