import { sleep } from "../../../src/async/sleep.ts";
import type { Stage } from "./stage.ts";

export interface JitterOptions {
  /** Longest wait, in ms. */
  readonly ms: number;
  /** Uniform in [0, 1); `seeded` gives the same waits in every run. */
  readonly random: () => number;
}

/** Holds back every chunk for another random time. */
export function jitter({ ms, random }: JitterOptions): Stage {
  return async function* (bytes, { signal }) {
    for await (const chunk of bytes) {
      await sleep(random() * ms, signal);
      yield chunk;
    }
  };
}
