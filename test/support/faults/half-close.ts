import { upTo, type Stage } from "./stage.ts";

/** Sends a FIN after some bytes and drops the rest of this direction; the other direction goes on. */
export function halfClose({ afterBytes = 0 }: { afterBytes?: number } = {}): Stage {
  return async function* (bytes, { from }) {
    if (yield* upTo(bytes, afterBytes)) from.resume();
  };
}
