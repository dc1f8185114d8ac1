import { once } from "node:events";
import type { Socket } from "node:net";

/** One direction of a link: where its bytes come from and where they go. */
export interface Way {
  readonly from: Socket;
  readonly to: Socket;
  /** Aborts when nothing can be delivered any more. */
  readonly signal: AbortSignal;
}

/** A fault on one direction: it is given the bytes and yields what is to arrive. When it returns, `to` gets a FIN. */
export type Stage = (bytes: AsyncIterable<Buffer>, way: Way) => AsyncIterable<Buffer>;

/** Sends what `from` says through the stages to `to`, as fast as `to` takes it. */
export async function pass(way: Way, stages: readonly Stage[]): Promise<void> {
  const { from, to, signal } = way;
  // A finished or broken loop must not destroy the socket, whose other direction goes on [node: readable.iterator].
  let bytes: AsyncIterable<Buffer> = from.iterator({ destroyOnReturn: false });
  for (const stage of stages) bytes = stage(bytes, way);
  for await (const chunk of bytes) {
    if (!to.write(chunk)) await once(to, "drain", { signal });
  }
  to.end();
}

/** Yields the first `count` bytes; its own result is false when the input ended before. */
export async function* upTo(
  bytes: AsyncIterable<Buffer>,
  count: number,
): AsyncGenerator<Buffer, boolean, void> {
  let left = count;
  if (left <= 0) return true;
  for await (const chunk of bytes) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return true;
  }
  return false;
}
