import type { Served, Stillness } from "./tcp/connection-host.ts";

/** What moved a byte more recently than this is at work, in ms. */
const workingMs = 1000;

interface Candidate extends Stillness {
  readonly connection: Served;
}

/**
 * Ends this share of connections for want of memory, and only those that stand still: first those that hold bytes which
 * their far side does not take, since that is what memory goes to, then those that are idle, the longest still first.
 */
export function shedStillest(running: readonly Served[], share: number, now: number): void {
  const most = Math.ceil(running.length * share);
  const still = running.flatMap((connection): Candidate[] => {
    const stillness = connection.stillness?.(now);
    if (stillness === undefined || stillness.forMs < workingMs) return [];
    return [{ connection, ...stillness }];
  });
  for (const { connection } of still.toSorted(byRank).slice(0, most))
    connection.abort("out-of-resources");
}

function byRank(one: Candidate, other: Candidate): number {
  return Number(other.isHolding) - Number(one.isHolding) || other.forMs - one.forMs;
}
