/**
 * Maps items with at most `limit` of them under way, in their order; the first failure rejects it and keeps further
 * items from being begun.
 */
export async function mapLimited<T, R>(
  items: readonly T[],
  limit: number,
  map: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results = new Map<number, R>();
  const pending = items.entries();
  let failed = false;
  const work = async (): Promise<void> => {
    for (const [index, item] of pending) {
      if (failed) return;
      results.set(index, await map(item));
    }
  };
  const workers = Array.from({ length: Math.min(limit, items.length) }, async () => {
    try {
      await work();
    } catch (error) {
      failed = true;
      throw error;
    }
  });
  await Promise.all(workers);
  return [...results].toSorted(([a], [b]) => a - b).map(([, result]) => result);
}
