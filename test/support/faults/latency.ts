import { sleep } from "../../../src/async/sleep.ts";
import type { Stage } from "./stage.ts";

/** Holds back every chunk, and then the FIN, for `ms`; one after the other, so it slows down a stream as well. */
export function latency(ms: number): Stage {
  return async function* (bytes, { signal }) {
    for await (const chunk of bytes) {
      await sleep(ms, signal);
      yield chunk;
    }
    await sleep(ms, signal);
  };
}
