import { setTimeout as wait } from "node:timers/promises";

/** Waits until `probe` returns something other than false or undefined, looking every few ms; fails after `withinMs`. */
export async function eventually<T>(
  probe: () => T | false | undefined | Promise<T | false | undefined>,
  { withinMs = 10_000, what = "the condition" }: { withinMs?: number; what?: string } = {},
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await probe();
    if (value !== false && value !== undefined) return value;
    if (performance.now() > deadline)
      throw new Error(`${what} did not come true in ${withinMs} ms`);
    await wait(5);
  }
}
