import type { Served, Stillness } from "./tcp/connection-host.ts";

/** How much is to be ended. */
export interface Shedding {
  /** Of all connections at most this share, 0–1. */
  readonly share: number;
  /** Those that hold no bytes, too: they give back little. */
  readonly idleToo: boolean;
}

/** What moved a byte more recently than this is at work, in ms. */
const workingMs = 1000;

interface Candidate extends Stillness {
  readonly connection: Served;
}

/**
 * Ends connections for want of memory, and only those that stand still: first those that hold bytes which their far side
 * does not take, since that is what memory goes to, then those that are idle, the longest still first. Returns how many.
 */
export function shedStillest(
  running: readonly Served[],
  { share, idleToo }: Shedding,
  now: number,
): number {
  const most = Math.ceil(running.length * share);
  const still = running.flatMap((connection): Candidate[] => {
    const stillness = connection.stillness?.(now);
    if (stillness === undefined || stillness.forMs < workingMs) return [];
    return stillness.isHolding || idleToo ? [{ connection, ...stillness }] : [];
  });
  const ended = still.toSorted(byRank).slice(0, most);
  for (const { connection } of ended) connection.abort("out-of-resources");
  return ended.length;
}

function byRank(one: Candidate, other: Candidate): number {
  return Number(other.isHolding) - Number(one.isHolding) || other.forMs - one.forMs;
}
