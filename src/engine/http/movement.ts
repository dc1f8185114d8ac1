import type { Socket } from "node:net";

/** Tells for how long nothing has moved between a client and a replica, as seen by calls of `stillFor`. */
export class Movement {
  #mark = -1;
  #movedAt = 0;

  /** In ms; `now` is of a clock that never goes back. */
  stillFor(now: number, sockets: readonly (Socket | undefined)[]): number {
    let mark = 0;
    for (const socket of sockets) {
      if (socket !== undefined)
        mark += socket.bytesRead + socket.bytesWritten - socket.writableLength;
    }
    if (mark !== this.#mark) {
      this.#mark = mark;
      this.#movedAt = now;
    }
    return now - this.#movedAt;
  }
}
