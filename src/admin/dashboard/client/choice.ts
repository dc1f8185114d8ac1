import type { LiveService, Traffic } from "../../live-document.ts";
import { idle } from "./store.ts";

/** How a service as a whole is doing: all, some or none of its replicas get connections. */
export type Standing = "up" | "impaired" | "down";

export function standingOf({ up, total }: LiveService): Standing {
  if (up === 0) return "down";
  return up === total ? "up" : "impaired";
}

/** What a list can be sorted by. */
export const sortKeys = [
  "service",
  "port",
  "mode",
  "state",
  "open",
  "opened",
  "received",
  "sent",
  "failed",
  "total",
] as const;

export type SortKey = (typeof sortKeys)[number];

/** Which services are wanted, and in which order. */
export interface Wish {
  /** Words that must all occur in the app, name, port, source, mode or places of its replicas. */
  readonly text: string;
  readonly standing: "all" | "problem" | Standing;
  /** Empty for every source. */
  readonly source: string;
  readonly sort: SortKey;
  readonly descending: boolean;
}

export const firstWish: Wish = {
  text: "",
  standing: "all",
  source: "",
  sort: "port",
  descending: false,
};

/** The services that are wanted, in order; equals are in the order of their ports. */
export function choose(
  services: Iterable<LiveService>,
  traffic: ReadonlyMap<string, Traffic>,
  wish: Wish,
): LiveService[] {
  const words = wish.text.toLowerCase().split(/\s+/).filter(Boolean);
  const chosen = [...services].filter((service) => isWanted(service, wish, words));
  const valueOf = (service: LiveService): number | string =>
    sortValue(service, traffic.get(service.key) ?? idle, wish.sort);
  const sign = wish.descending ? -1 : 1;
  const values = new Map(chosen.map((service) => [service, valueOf(service)]));
  return chosen.toSorted((one, other) => {
    const order = compare(values.get(one) ?? 0, values.get(other) ?? 0);
    return order === 0 ? one.port - other.port || compare(one.key, other.key) : sign * order;
  });
}

function isWanted(
  service: LiveService,
  { standing, source }: Wish,
  words: readonly string[],
): boolean {
  if (source !== "" && service.source !== source) return false;
  if (!hasStanding(service, standing)) return false;
  if (words.length === 0) return true;
  const { app, name, key, mode, balance, places } = service;
  const text = `${app} ${name} ${key} ${mode} ${balance} ${service.source} ${places}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function hasStanding(service: LiveService, standing: Wish["standing"]): boolean {
  if (standing === "all") return true;
  if (standing === "problem") return service.problems > 0 || service.listening.length === 0;
  return standingOf(service) === standing;
}

const gravity = { down: 0, impaired: 1, up: 2 } as const;

function sortValue(service: LiveService, traffic: Traffic, sort: SortKey): number | string {
  const [open, opened, received, sent, , total, failed] = traffic;
  const numbers = { open, opened, received, sent, failed, total };
  const { app, port, mode } = service;
  return { service: app, port, mode, state: gravity[standingOf(service)], ...numbers }[sort];
}

function compare(one: number | string, other: number | string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
