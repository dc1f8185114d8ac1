import { setTimeout as wait } from "node:timers/promises";

export interface UntilOptions {
  /** Named in the error. */
  readonly what: string;
  /** Default 15 000. */
  readonly withinMs?: number;
  /** Time between two looks; default 5. */
  readonly everyMs?: number;
}

/** Looks again and again until `probe` returns something other than false or undefined; rejects when it is too late. */
export async function until<T>(
  probe: () => Promise<T | false | undefined> | T | false | undefined,
  { what, withinMs = 15_000, everyMs = 5 }: UntilOptions,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await probe();
    if (value !== false && value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`);
    await wait(everyMs);
  }
}
