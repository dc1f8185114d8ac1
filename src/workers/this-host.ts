import { readFileSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { placeName } from "../routing/places.ts";

/** Descriptors kept for sources, the status port and the runtime itself; probes have theirs beside them. */
const reserve = 64;
const leastProbes = 64;
const mostProbes = 256;
const mostConnections = 50_000;
const mostSessions = 16_384;

/**
 * Names and addresses of this host now, as `placeName` has them: its own, and what an operator adds because agents are
 * known by it.
 */
export function hostNames(
  added: readonly string[],
  interfaces: typeof networkInterfaces = networkInterfaces,
): ReadonlySet<string> {
  const addresses = Object.values(interfaces()).flatMap((all) =>
    (all ?? []).map(({ address }) => address),
  );
  return new Set([hostname(), ...addresses, ...added].map((name) => placeName(name)));
}

export interface ProcessLimits {
  readonly connections: number;
  readonly sessions: number;
}

/** Probes that may be under way at the same time: each takes a descriptor, and no connection may lack it. */
export function probesAtOnce(descriptors: number): number {
  return between(leastProbes, mostProbes, descriptors / 64);
}

/**
 * Listeners the whole process may have, over all threads and addresses: so many that a quarter of what is free without
 * them is left to clients.
 */
export function mostListeners(descriptors: number): number {
  const free = descriptors - reserve - probesAtOnce(descriptors);
  return between(1, Infinity, (free * 3) / 4);
}

/**
 * Connections and UDP sessions the whole process may have beside its listeners: two descriptors for each connection and
 * one for each session, below the limit with a reserve. Where there are UDP services, sessions get up to a quarter of the
 * descriptors, so that no flood of them costs a connection. Past the descriptor limit Node would accept and close clients
 * in silence [libuv: uv__emfile_trick].
 */
export function processLimits({
  descriptors,
  listeners,
  hasDatagrams,
}: {
  readonly descriptors: number;
  readonly listeners: number;
  readonly hasDatagrams: boolean;
}): ProcessLimits {
  const free = descriptors - reserve - probesAtOnce(descriptors) - listeners;
  const sessions = hasDatagrams ? between(1, mostSessions, free / 4) : 0;
  return { sessions, connections: between(1, mostConnections, (free - sessions) / 2) };
}

function between(least: number, most: number, value: number): number {
  return Math.max(least, Math.min(most, Math.floor(value)));
}

/** Descriptors this process may have open, as it was started; Infinity where the kernel does not say. */
export function descriptorLimit(): number {
  const soft = /^Max open files\s+(\d+)/m.exec(readLimits())?.[1];
  return soft === undefined ? Infinity : Number(soft);
}

/** What the kernel grants this process; empty where it does not say. */
function readLimits(): string {
  try {
    return readFileSync("/proc/self/limits", "utf8");
  } catch {
    // Not Linux: the bound of our own applies.
    return "";
  }
}
