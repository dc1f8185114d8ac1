import type { Socket } from "node:net";

const chunk = Buffer.alloc(64 * 1024, "portolan");

/** Bytes without an end into any number of connections, each as fast as its other side takes them. */
export class Pouring {
  #bytes = 0;

  /** Bytes that the kernel has taken off us, on all connections. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Pours until the connection is closed; its `error` listener is the caller's. */
  into(socket: Socket): void {
    socket.write(chunk, (error) => {
      if (error !== undefined && error !== null) return;
      this.#bytes += chunk.length;
      // Not at once: a quick reader would keep everything else of this process from its turn.
      setImmediate(() => socket.destroyed || this.into(socket));
    });
  }
}
