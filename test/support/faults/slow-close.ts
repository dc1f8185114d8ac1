import { sleep } from "../../../src/async/sleep.ts";
import type { Stage } from "./stage.ts";

/** Lets the bytes through and holds back the FIN for `ms`. */
export function slowClose(ms: number): Stage {
  return async function* (bytes, { signal }) {
    yield* bytes;
    await sleep(ms, signal);
  };
}
