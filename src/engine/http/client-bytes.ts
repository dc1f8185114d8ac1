import type { Socket } from "node:net";

/** What has been read of a client and written to it since its last request was over. */
export class ClientBytes {
  readonly #client: Socket;
  /** Read of it before. */
  readBefore: number = 0;
  #writtenBefore = 0;

  constructor(client: Socket) {
    this.#client = client;
  }

  /** A request is over. */
  restart(): void {
    this.readBefore = this.#client.bytesRead;
  }

  /** From now on it is written to. Said only where it matters, as asking a socket for what was written is not cheap. */
  answer(): void {
    this.#writtenBefore = this.#client.bytesWritten;
  }

  /** `sent` is right only where `answer` was called. */
  get moved(): { readonly received: number; readonly sent: number } {
    const { bytesRead, bytesWritten } = this.#client;
    return { received: bytesRead - this.readBefore, sent: bytesWritten - this.#writtenBefore };
  }
}
