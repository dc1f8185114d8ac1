import { sleep } from "../../../src/async/sleep.ts";
import type { Stage } from "./stage.ts";

/** Takes nothing more after some bytes: buffers fill, and whoever sends is held back for good. */
export function stopReading({ afterBytes = 0 }: { afterBytes?: number } = {}): Stage {
  return async function* (bytes, { signal }) {
    let left = afterBytes;
    if (left <= 0) await sleep(Infinity, signal);
    for await (const chunk of bytes) {
      yield chunk.subarray(0, left);
      left -= chunk.length;
      if (left <= 0) await sleep(Infinity, signal);
    }
  };
}
