import type { BadHeader, Header, HeaderFlaw } from "./header.ts";

/**
 * What the first bytes of a connection come to. `more` asks for bytes until there are `upTo` in all, which never goes
 * past the longest header still possible; `header` took the first `length` of them.
 */
export type Step =
  | { readonly kind: "more"; readonly upTo: number }
  | { readonly kind: "header"; readonly header: Header; readonly length: number }
  | BadHeader;

export function bad(reason: HeaderFlaw): BadHeader {
  return { kind: "bad", reason };
}

/** True while nothing seen so far contradicts that the bytes begin with `start`. */
export function canStartWith(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, length, 0, length) === 0;
}
