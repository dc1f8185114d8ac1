import type { Socket } from "node:net";

/** Bytes of one request, by what both sockets have read. */
export class Traffic {
  readonly #client: Socket;
  #received: number;
  #upstream: Socket | undefined;
  #sent = 0;

  /** `received` is what had been read of the client before this request. */
  constructor(client: Socket, received: number) {
    this.#client = client;
    this.#received = received;
  }

  /** Its answer comes by this socket from now on. */
  follow(upstream: Socket): void {
    this.#upstream = upstream;
    this.#sent = upstream.bytesRead;
  }

  /** What has moved since it was last asked. */
  take(): { received: number; sent: number } {
    const received = this.#client.bytesRead;
    const sent = this.#upstream?.bytesRead ?? this.#sent;
    const moved = { received: received - this.#received, sent: sent - this.#sent };
    this.#received = received;
    this.#sent = sent;
    return moved;
  }
}
