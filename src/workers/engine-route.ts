import type { EngineChange, EngineRoute } from "../engine/route.ts";
import type { RouteChange } from "../routing/diff.ts";
import type { Route } from "../routing/table.ts";
import type { CounterMemory } from "./counter-memory.ts";

/** What a change of the table means to an engine; undefined for what engines do not serve. */
export function toEngineChange(
  change: RouteChange,
  memory: CounterMemory,
): EngineChange | undefined {
  if (change.kind === "removed") return { kind: "remove", key: change.key };
  if (change.after.protocol !== "tcp") return undefined;
  return { kind: "set", route: toEngineRoute(change.after, memory) };
}

function toEngineRoute(route: Route, memory: CounterMemory): EngineRoute {
  const { key, port, protocol } = route;
  const { balance } = route.policy;
  const replicas = route.replicas
    .map((replica) => ({ ...replica, row: memory.replicaRow(key, replica.key) }))
    .filter(({ state }) => state === "up")
    .map(({ key: name, weight, address, row }) => ({ key: name, weight, address, row }));
  return { key, port, protocol, balance, row: memory.serviceRow(key), replicas };
}
