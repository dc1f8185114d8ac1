import type { ServerResponse } from "node:http";
import { pipeline, Readable } from "node:stream";

/** What an answer says: at once, or in pieces that may be shared by many answers. */
export type Body = string | readonly Uint8Array[];

/** In bytes. */
export function lengthOf(body: Body): number {
  if (typeof body === "string") return Buffer.byteLength(body);
  return body.reduce((sum, { length }) => sum + length, 0);
}

/** Ends the answer with this body. Pieces are written as the reader takes them, so that a slow one costs no copy. */
export function endWith(response: ServerResponse, body: Body): void {
  if (typeof body === "string") response.end(body);
  // A reader that leaves in the middle is its own business.
  else pipeline(Readable.from(body), response, () => undefined);
}
