/** What the store says it took out: a key, or a folder with all that is below it. */
export interface Removal {
  /** Relative to the prefix; empty for the prefix itself. */
  readonly key: string;
  readonly isFolder: boolean;
  /** Nobody asked for it: its time was up. */
  readonly isExpiry: boolean;
}

/** What was known before, and which of it is no longer there. */
export interface Loss {
  readonly known: number;
  readonly missing: ReadonlySet<string>;
}

/** Fewer expiries than this are no mass, as with the guard. */
const smallLoss = 4;
/** [etcd v2: event history] A store remembers no more. */
const mostRemovals = 1000;

/**
 * The missing keys that removals account for. They are asked for no longer than one is missing. Keys that expire
 * together with most others count for nothing: that is what a store does that was away for longer than their time, and
 * nobody meant it.
 */
export async function announced(
  { known, missing }: Loss,
  removals: AsyncIterable<Removal>,
): Promise<ReadonlySet<string>> {
  const expired = new Set<string>();
  const removed = new Set<string>();
  let count = 0;
  for await (const removal of removals) {
    const into = removal.isExpiry ? expired : removed;
    for (const key of keysOf(removal, missing)) into.add(key);
    count += 1;
    if (expired.union(removed).size === missing.size || count === mostRemovals) break;
  }
  const isMass = expired.size >= smallLoss && expired.size * 2 > known;
  return isMass ? removed : removed.union(expired);
}

function keysOf({ key, isFolder }: Removal, missing: ReadonlySet<string>): readonly string[] {
  if (!isFolder) return missing.has(key) ? [key] : [];
  const start = key === "" ? "" : `${key}/`;
  return [...missing].filter((one) => one.startsWith(start));
}
