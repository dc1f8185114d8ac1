import { readFileSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";

/** Descriptors kept for sources, probes, the status port and the runtime itself. */
const reserve = 128;
const mostConnections = 50_000;

/** Names and addresses of this host: its own, and those an operator adds because agents are known by them. */
export function hostNames(added: readonly string[]): ReadonlySet<string> {
  const addresses = Object.values(networkInterfaces()).flatMap((interfaces) =>
    (interfaces ?? []).map(({ address }) => address),
  );
  return new Set([hostname(), ...addresses, ...added]);
}

/**
 * Connections the whole process may have beside its listeners: two descriptors each, below the limit with a reserve. Past the descriptor
 * limit Node would accept and close clients in silence [libuv: uv__emfile_trick].
 */
export function processLimit(descriptors: number, listeners: number): number {
  return Math.max(
    1,
    Math.min(mostConnections, Math.floor((descriptors - reserve - listeners) / 2)),
  );
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
