import type { EngineChange, EngineRoute } from "../engine/route.ts";
import type { RouteChange } from "../routing/diff.ts";
import type { Route, RoutedReplica } from "../routing/table.ts";
import type { CounterMemory } from "./counter-memory.ts";

export interface EngineRouteOptions {
  readonly memory: CounterMemory;
  /** True for a replica on this host. */
  readonly isLocal: (replica: RoutedReplica) => boolean;
}

/** What a change of the table means to an engine. */
export function toEngineChange(
  change: RouteChange,
  { memory, isLocal }: EngineRouteOptions,
): EngineChange {
  if (change.kind === "removed") return { kind: "remove", key: change.key };
  return { kind: "set", route: toEngineRoute(change.after, { memory, isLocal }) };
}

function toEngineRoute(route: Route, { memory, isLocal }: EngineRouteOptions): EngineRoute {
  const { key, port, protocol, mode, policy, hosts } = route;
  const replicas = route.replicas.map((replica) => {
    const { address, state, task, weight } = replica;
    const row = memory.replicaRow(key, replica.key);
    return { key: replica.key, address, state, task, weight, row, isLocal: isLocal(replica) };
  });
  const row = memory.serviceRow(key);
  return { key, port, protocol, mode, policy, row, hosts, replicas };
}
