import type { RoutedReplica, Route, Table } from "./table.ts";

/** What an offer's names are made of. */
const placeFields = ["key", "app", "name", "portIndex"] as const;

/** A route and its place among the ports of its app. */
export interface PlacedRoute {
  readonly route: Route;
  readonly index: number;
}

/** The replicas others may be told of: those that get new connections here. */
export function servingReplicas(route: Route): readonly RoutedReplica[] {
  return route.replicas.filter(({ state, weight }) => state === "up" && weight > 0);
}

/** What each app has on each of its ports: its route where the port is its own, else its part of it or its claim to it. */
export function offersOf({ routes, apart = [] }: Table): readonly Route[] {
  if (apart.length === 0) return routes;
  const keys = new Set(apart.map(({ key }) => key));
  const places = new Set(apart.map(placeOf));
  const own = routes.filter((route) => !keys.has(route.key) || !places.has(placeOf(route)));
  return [...own, ...apart];
}

function placeOf({ key, app }: Route): string {
  return `${key} ${app}`;
}

/** The routes of each app in the order of its ports. */
export function routesByApp(routes: readonly Route[]): ReadonlyMap<string, readonly PlacedRoute[]> {
  const byApp = Map.groupBy(routes, ({ app }) => app);
  return new Map([...byApp].map(([app, siblings]) => [app, placeRoutes(siblings)]));
}

/**
 * The routes of one app in the order of its ports, TCP before UDP. Where the source does not tell the places, the service
 * ports in rising order are counted.
 */
export function placeRoutes(siblings: readonly Route[]): readonly PlacedRoute[] {
  const ports = [...new Set(siblings.map(({ port }) => port))].toSorted((a, b) => a - b);
  const isTold = siblings.every(({ portIndex }) => portIndex !== undefined);
  return siblings
    .map((route) => ({
      route,
      index: (isTold ? route.portIndex : undefined) ?? ports.indexOf(route.port),
    }))
    .toSorted(byPlace);
}

function byPlace(one: PlacedRoute, other: PlacedRoute): number {
  if (one.index !== other.index) return one.index - other.index;
  return one.route.protocol < other.route.protocol ? -1 : 1;
}

/**
 * The offers that came in place of others, by those; undefined when an app or a port came, went or changed its place, so
 * that names have to be given anew. What is the same object on both sides is not among them.
 */
export function successors(
  before: readonly Route[],
  after: readonly Route[],
): ReadonlyMap<Route, Route> | undefined {
  if (before.length !== after.length) return undefined;
  const found = new Map<Route, Route>();
  for (const [index, route] of after.entries()) {
    const old = before[index];
    if (old === route) continue;
    if (old === undefined || !placeFields.every((field) => old[field] === route[field]))
      return undefined;
    found.set(old, route);
  }
  return found;
}
