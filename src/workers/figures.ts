import { replicaRow, serviceRow } from "../model/counters.ts";
import type { ServiceFigures } from "../model/figures.ts";
import type { Route, Table } from "../routing/table.ts";
import type { Bindings } from "./bindings.ts";
import type { CounterMemory } from "./counter-memory.ts";

export interface FiguresSources {
  readonly memory: CounterMemory;
  readonly bindings: Bindings;
  /** Connections all workers together take for one service. */
  readonly limit: number;
}

/** The numbers of every service of a table at this moment. */
export function readFigures(table: Table, sources: FiguresSources): ServiceFigures[] {
  return table.routes.map((route) => readService(route, sources));
}

function readService(route: Route, { memory, bindings, limit }: FiguresSources): ServiceFigures {
  const { key, name, port, protocol } = route;
  return {
    service: `${name}:${port}`,
    protocol,
    cells: memory.service(key) ?? new Float64Array(serviceRow),
    limit,
    listeners: bindings.listeners(key),
    replicas: route.replicas.map((replica) => {
      const { state, weight, since } = replica;
      const cells = memory.replica(key, replica.key) ?? new Float64Array(replicaRow);
      return { replica: replica.key, state, weight, since, cells };
    }),
  };
}
