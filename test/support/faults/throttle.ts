import { sleep } from "../../../src/async/sleep.ts";
import type { Stage } from "./stage.ts";

/** Time one piece may take, in ms. */
const pieceMs = 20;

/** Lets through this many bytes a second at most; whoever sends more fills the buffers and is held back. */
export function throttle(bytesPerSecond: number): Stage {
  const size = Math.max(1, Math.floor((bytesPerSecond * pieceMs) / 1000));
  return async function* (bytes, { signal }) {
    for await (const chunk of bytes) {
      for (let offset = 0; offset < chunk.length; offset += size) {
        const piece = chunk.subarray(offset, offset + size);
        yield piece;
        await sleep((piece.length / bytesPerSecond) * 1000, signal);
      }
    }
  };
}
