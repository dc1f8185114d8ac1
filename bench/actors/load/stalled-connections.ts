import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { Pouring } from "../stream/pouring.ts";
import type { StallOrder } from "../verbs.ts";

/** Connections that carry as much as they can for a moment, and then nothing more, since one side does not read. */
export class StalledConnections {
  readonly #pouring = new Pouring();
  readonly #sockets = new Set<Socket>();

  /** Settles when all are connected and, where the reading is ours, it has stopped. */
  async open({ target, connections, isPushing, flowMs }: StallOrder): Promise<void> {
    await Promise.all(
      Array.from({ length: connections }, async () => {
        const socket = connect(target);
        socket.on("error", () => undefined);
        socket.once("close", () => this.#sockets.delete(socket));
        this.#sockets.add(socket);
        if (!isPushing) socket.on("data", () => undefined);
        await once(socket, "connect");
        if (isPushing) this.#pouring.into(socket);
      }),
    );
    await wait(flowMs);
    if (!isPushing) for (const socket of this.#sockets) socket.pause();
  }

  /** Bytes that the kernel has taken off us. */
  get bytes(): number {
    return this.#pouring.bytes;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
