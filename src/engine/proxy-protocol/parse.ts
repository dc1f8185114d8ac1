import type { Verdict } from "./header.ts";
import { bad, type Step } from "./step.ts";
import { readV1 } from "./v1.ts";
import { readV2 } from "./v2.ts";

const firstOfV1 = 0x50;
const firstOfV2 = 0x0d;

/**
 * Reads the header a connection begins with, in whatever pieces it comes. The verdict depends on the bytes alone, falls
 * at the first byte that decides it, and costs time linear in their number and at most 4 KiB. Waiting is the
 * caller's: a header that stays at `more` until the timeout or the client's FIN is refused [proxy-protocol §2].
 */
export class HeaderReader {
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;

  /** Takes the next bytes; once there is a verdict it stands, and whatever else is fed is rest. */
  feed(chunk: Buffer): Verdict {
    const before = this.#length;
    let taken = 0;
    for (;;) {
      const step = look(this.#bytes.subarray(0, this.#length));
      if (step.kind === "bad") return step;
      if (step.kind === "header") {
        const rest = chunk.subarray(Math.max(step.length - before, 0));
        return { kind: "header", header: step.header, rest };
      }
      if (taken === chunk.length) return { kind: "more" };
      const part = chunk.subarray(taken, taken + step.upTo - this.#length);
      this.#keep(part, step.upTo);
      taken += part.length;
    }
  }

  // Copied, since a slice would keep the whole read buffer of the socket alive while a slow client is waited for.
  #keep(part: Buffer, capacity: number): void {
    if (this.#bytes.length < capacity) {
      const grown = Buffer.alloc(capacity);
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    part.copy(this.#bytes, this.#length);
    this.#length += part.length;
  }
}

function look(bytes: Buffer): Step {
  switch (bytes[0]) {
    case undefined:
      return { kind: "more", upTo: 1 };
    case firstOfV1:
      return readV1(bytes);
    case firstOfV2:
      return readV2(bytes);
    default:
      return bad("signature");
  }
}
