import { parseAddress } from "../../../src/model/address.ts";
import { defaultPolicy } from "../../../src/model/policy.ts";
import type { Route } from "../../../src/routing/table.ts";
import { freezeTable, type RoutedReplica, type Table } from "../../../src/routing/table.ts";
import { serviceName } from "../../../src/model/service.ts";

/** A healthy replica at `address`, on a machine of that name unless told otherwise. */
export function routed(address: string, over: Partial<RoutedReplica> = {}): RoutedReplica {
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new Error(`bad address ${address}`);
  return {
    key: address,
    address: parsed,
    host: parsed.host,
    task: `task-${address}`,
    weight: 500,
    state: "up",
    reason: "running",
    since: 0,
    ...over,
  };
}

/** The route of an app's TCP port. */
// oxlint-disable-next-line max-params -- a test names what matters in a row
export function route(
  app: string,
  port: number,
  replicas: readonly RoutedReplica[] = [],
  over: Partial<Route> = {},
): Route {
  const protocol = over.protocol ?? "tcp";
  return {
    key: `${protocol}/${port}`,
    app,
    name: serviceName(app),
    port,
    protocol,
    mode: protocol,
    policy: defaultPolicy,
    source: "test",
    replicas,
    ...over,
  };
}

/** A table as the controller makes them. */
export function table(routes: readonly Route[], version = 1): Table {
  return freezeTable({ version, updatedAt: 0, routes, problems: [] });
}
