import { blank, type Picture } from "./picture.ts";
import type { Replica, Service } from "./wire.ts";
import { noTraffic } from "./wire.ts";

/** What the list can be sorted by, in the order in which `s` goes through them. */
export const sortOrders = ["port", "app", "up", "open", "opened", "bytes", "errors"] as const;

export type SortOrder = (typeof sortOrders)[number];

/** Everything the screen is drawn from. */
export interface TopState {
  readonly picture: Picture;
  /** False while there is no connection to the status port; the last picture stays. */
  readonly isConnected: boolean;
  readonly sort: SortOrder;
  readonly isReversed: boolean;
  readonly filter: string;
  readonly view: "services" | "problems" | "help" | "filter";
  /** The line that keys are about, by its id. */
  readonly selected: string | undefined;
  readonly unfolded: ReadonlySet<string>;
}

export const firstState: TopState = {
  picture: blank,
  isConnected: false,
  sort: "port",
  isReversed: false,
  filter: "",
  view: "services",
  selected: undefined,
  unfolded: new Set(),
};

/** A line of the list: a service or, below it, a replica. */
export interface TopRow {
  readonly id: string;
  readonly service: Service;
  readonly replica?: Replica;
}

/** The lines that are listed, in order. */
export function rowsOf(state: TopState): TopRow[] {
  const words = state.filter.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = [...state.picture.services.values()].filter((service) => {
    const { app, key, mode, source, places } = service;
    const text = `${app} ${key} ${mode} ${source} ${places}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return sorted(wanted, state).flatMap((service): TopRow[] => {
    const { key } = service;
    const row = { id: key, service };
    if (!state.unfolded.has(key)) return [row];
    const replicas = [...(state.picture.replicas.get(key)?.values() ?? [])];
    const below = replicas
      .toSorted((one, other) => compare(one.address, other.address))
      .map((replica) => ({ id: `${key} ${replica.address}`, service, replica }));
    return [row, ...below];
  });
}

function sorted(services: readonly Service[], { picture, sort, isReversed }: TopState): Service[] {
  const sign = isReversed ? -1 : 1;
  const valueOf = (service: Service): number | string => sortValue(service, picture, sort);
  const values = new Map(services.map((service) => [service, valueOf(service)]));
  return services.toSorted((one, other) => {
    const order = compare(values.get(one) ?? 0, values.get(other) ?? 0);
    return order === 0 ? portOf(one) - portOf(other) : sign * order;
  });
}

/** Numbers are turned round: the greatest are of most interest. */
function sortValue(service: Service, picture: Picture, sort: SortOrder): number | string {
  const traffic = picture.traffic.get(service.key) ?? noTraffic;
  switch (sort) {
    case "port":
      return portOf(service);
    case "app":
      return service.app;
    case "up":
      return service.total === 0 ? 0 : service.up / service.total;
    case "open":
      return -traffic.open;
    case "opened":
      return -traffic.opened;
    case "bytes":
      return -traffic.received - traffic.sent;
    case "errors":
      return -traffic.failedTotal;
  }
}

function portOf({ key }: Service): number {
  return Number(key.slice(key.indexOf("/") + 1));
}

function compare(one: number | string, other: number | string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
