import { replicaRow, serviceRow } from "../model/counters.ts";
import type { ServiceFigures } from "../model/figures.ts";
import type { Route, Table } from "../routing/table.ts";
import type { WorkerPool } from "./pool.ts";

type FiguresSources = Pick<WorkerPool, "memory" | "bindings" | "ejections">;

/** The numbers of every service of a table at this moment. */
export function readFigures(table: Table, sources: FiguresSources): ServiceFigures[] {
  return table.routes.map((route) => readService(route, sources));
}

function readService(
  route: Route,
  { memory, bindings, ejections }: FiguresSources,
): ServiceFigures {
  const { key, name, port, protocol } = route;
  return {
    service: `${name}:${port}`,
    protocol,
    cells: memory.service(key) ?? new Float64Array(serviceRow),
    limit: route.policy.maxConnections,
    listeners: bindings.listeners(key),
    replicas: route.replicas.map((replica) => {
      const { weight } = replica;
      const ejection = replica.state === "up" ? ejections.of(key, replica.key) : undefined;
      const { state, since } =
        ejection === undefined ? replica : ({ ...ejection, state: "ejected" } as const);
      const cells = memory.replica(key, replica.key) ?? new Float64Array(replicaRow);
      return { replica: replica.key, state, weight, since, cells };
    }),
  };
}
