import { sleep } from "../../../src/async/sleep.ts";
import type { Stage } from "./stage.ts";

/** Lets everything after the first `afterBytes` vanish, the FIN too: no error, no end, only silence. */
export function blackHole({ afterBytes = 0 }: { afterBytes?: number } = {}): Stage {
  return async function* (bytes, { signal }) {
    let left = afterBytes;
    for await (const chunk of bytes) {
      if (left > 0) yield chunk.subarray(0, left);
      left -= chunk.length;
    }
    await sleep(Infinity, signal);
  };
}
