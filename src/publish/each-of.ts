/** Runs `work` for each item, at most `atOnce` at a time, until the signal aborts; rejects when `work` does. */
export async function eachOf<T>(
  items: readonly T[],
  { atOnce, signal }: { readonly atOnce: number; readonly signal: AbortSignal },
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const lanes = Array.from({ length: Math.min(atOnce, items.length) }, async () => {
    for (const item of rest) {
      if (signal.aborted) return;
      await work(item);
    }
  });
  await Promise.all(lanes);
}
