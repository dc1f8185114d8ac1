import { sleep } from "../../../src/async/sleep.ts";
import type { Stage } from "./stage.ts";

export interface SlicerOptions {
  /** Size of a slice. Default 1. */
  readonly bytes?: number;
  /** Time between slices, in ms, so that each travels in its own segment. Default 1. */
  readonly gapMs?: number;
}

/** Cuts what comes into slices that arrive one by one. */
export function slicer({ bytes: size = 1, gapMs = 1 }: SlicerOptions = {}): Stage {
  return async function* (bytes, { signal }) {
    for await (const chunk of bytes) {
      for (let offset = 0; offset < chunk.length; offset += size) {
        yield chunk.subarray(offset, offset + size);
        await sleep(gapMs, signal);
      }
    }
  };
}
