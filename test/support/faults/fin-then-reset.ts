import { sleep } from "../../../src/async/sleep.ts";
import { upTo, type Stage, type Way } from "./stage.ts";
import type { ResetOptions } from "./reset.ts";

/** Sends a FIN after some bytes, and a reset to both sides `afterMs` later. */
export function finThenReset({ afterBytes = 0, afterMs = 0 }: ResetOptions = {}): Stage {
  return async function* (bytes, way) {
    if (!(yield* upTo(bytes, afterBytes))) return;
    way.from.resume();
    // Returning sends the FIN; a reset before that has left would not be one [libuv: uv_tcp_close_reset].
    way.to.once("finish", () => void resetLater(way, afterMs));
  };
}

async function resetLater({ from, to, signal }: Way, afterMs: number): Promise<void> {
  // Closed meanwhile: nobody is left to reset.
  await sleep(afterMs, signal).catch(() => undefined);
  to.resetAndDestroy();
  from.resetAndDestroy();
}
