import { replicaRow, serviceRow } from "../model/counters.ts";
import type { ServiceFigures } from "../model/figures.ts";
import type { Route, Table } from "../routing/table.ts";
import { readKernelDrops } from "./kernel-drops.ts";
import type { WorkerPool } from "./pool.ts";

type FiguresSources = Pick<WorkerPool, "memory" | "bindings" | "ejections">;

/** The numbers of every service of a table, each read when it is asked for: of ten thousand they take a while. */
export function* readFigures(table: Table, sources: FiguresSources): Iterable<ServiceFigures> {
  const datagrams = table.routes.filter(({ protocol }) => protocol === "udp");
  const drops = readKernelDrops(new Set(datagrams.map(({ port }) => port)));
  for (const route of table.routes) {
    const figures = readService(route, sources);
    if (route.protocol === "udp") yield { ...figures, ...datagramFigures(route, figures, drops) };
    else yield figures;
  }
}

/** What is different where datagrams are forwarded. */
function datagramFigures(
  { policy }: Route,
  { listeners }: ServiceFigures,
  drops: ReadonlyMap<string, number>,
): Pick<ServiceFigures, "limit" | "listeners"> {
  const counted = listeners.map((listener) => {
    const kernelDrops = drops.get(listener.address);
    return kernelDrops === undefined ? listener : { ...listener, kernelDrops };
  });
  return { limit: policy.maxSessions, listeners: counted };
}

function readService(
  route: Route,
  { memory, bindings, ejections }: FiguresSources,
): ServiceFigures {
  const { key, name, port, protocol, mode } = route;
  return {
    service: `${name}:${port}`,
    protocol,
    mode,
    cells: memory.service(key) ?? new Float64Array(serviceRow),
    limit: route.policy.maxConnections,
    listeners: bindings.listeners(key),
    replicas: route.replicas.map((replica) => {
      const { weight } = replica;
      const ejection = replica.state === "up" ? ejections.of(key, replica.key) : undefined;
      const { state, since } =
        ejection === undefined ? replica : ({ ...ejection, state: "ejected" } as const);
      return {
        replica: replica.key,
        state,
        weight,
        since,
        // Most readers never ask.
        get cells(): Float64Array {
          return memory.replica(key, replica.key) ?? new Float64Array(replicaRow);
        },
      };
    }),
  };
}
