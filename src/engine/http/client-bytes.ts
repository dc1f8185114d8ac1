import type { Socket } from "node:net";

/** What has been read of a client and written to it since its last request was over. */
export class ClientBytes {
  readonly #client: Socket;
  readonly #isCounted: boolean;
  /** Read of it before. */
  readBefore: number = 0;
  #writtenBefore = 0;

  /** What is written is counted from `restart` on, or only from `answer` on: asking a socket for it is not cheap. */
  constructor(client: Socket, isCounted: boolean) {
    this.#client = client;
    this.#isCounted = isCounted;
  }

  /** A request is over. */
  restart(): void {
    this.readBefore = this.#client.bytesRead;
    if (this.#isCounted) this.answer();
  }

  /** What is written from now on counts. */
  answer(): void {
    this.#writtenBefore = this.#client.bytesWritten;
  }

  get moved(): { readonly received: number; readonly sent: number } {
    const { bytesRead, bytesWritten } = this.#client;
    return { received: bytesRead - this.readBefore, sent: bytesWritten - this.#writtenBefore };
  }
}
