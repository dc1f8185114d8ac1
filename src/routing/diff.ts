import { isDeepStrictEqual } from "node:util";
import type { Route, RoutedReplica, Table } from "./table.ts";

/** One difference between two tables: the listener of `key` appears, gets other contents, or goes. */
export type RouteChange =
  | { readonly kind: "added"; readonly key: string; readonly after: Route }
  | {
      readonly kind: "changed";
      readonly key: string;
      readonly before: Route;
      readonly after: Route;
    }
  | { readonly kind: "removed"; readonly key: string; readonly before: Route };

/** The differences that lead from `before` to `after`; empty exactly when both say the same. */
export function diffRoutes(before: readonly Route[], after: readonly Route[]): RouteChange[] {
  const old = new Map(before.map((route) => [route.key, route]));
  const changes: RouteChange[] = [];
  for (const route of after) {
    const previous = old.get(route.key);
    old.delete(route.key);
    if (previous === undefined) changes.push({ kind: "added", key: route.key, after: route });
    else if (previous !== route && !sameRoute(previous, route)) {
      changes.push({ kind: "changed", key: route.key, before: previous, after: route });
    }
  }
  for (const route of old.values())
    changes.push({ kind: "removed", key: route.key, before: route });
  return changes;
}

/** What a route says of itself, beside its policy and its replicas. */
const plainFields = [
  "app",
  "name",
  "mode",
  "source",
  "portIndex",
  "portName",
  "checkKind",
] as const;

/** True when both say the same, whether or not they are one object. */
export function sameRoute(one: Route, other: Route): boolean {
  return (
    plainFields.every((field) => one[field] === other[field]) &&
    isDeepStrictEqual(one.policy, other.policy) &&
    isDeepStrictEqual(one.sharers, other.sharers) &&
    isDeepStrictEqual(one.hosts, other.hosts) &&
    one.replicas.length === other.replicas.length &&
    one.replicas.every((replica, index) => sameReplica(replica, other.replicas[index]))
  );
}

function sameReplica(one: RoutedReplica, other: RoutedReplica | undefined): boolean {
  return (
    other !== undefined &&
    one.key === other.key &&
    one.task === other.task &&
    one.host === other.host &&
    one.dialName === other.dialName &&
    one.agent === other.agent &&
    one.weight === other.weight &&
    one.state === other.state &&
    one.reason === other.reason
  );
}

/** What has workers look anew at every route of a table, though none of it has changed. */
export function everyRoute({ routes }: Table): RouteChange[] {
  return routes.map((route) => ({ kind: "changed", key: route.key, before: route, after: route }));
}
