import { sleep } from "../../../src/async/sleep.ts";
import { upTo, type Stage } from "./stage.ts";

export interface ResetOptions {
  /** Bytes that come through before. Default 0: at once. */
  readonly afterBytes?: number;
  /** Time to wait then, in ms. Default 0. */
  readonly afterMs?: number;
}

/** Resets both sides after some bytes; an input that ends before is left alone. */
export function reset({ afterBytes = 0, afterMs = 0 }: ResetOptions = {}): Stage {
  return async function* (bytes, { from, to, signal }) {
    if (!(yield* upTo(bytes, afterBytes))) return;
    if (afterMs > 0) await sleep(afterMs, signal);
    to.resetAndDestroy();
    from.resetAndDestroy();
  };
}
