import type { Socket } from "node:net";

/**
 * Looks whether a client that waits is still there. One that leaves the line should not cost the next one a place, and
 * its leaving is only noticed when it is read: so it is, up to its first bytes, which are kept.
 */
export class Lookout {
  readonly #client: Socket;

  /** Begins at once; a client with an intake keeps its first bytes there. */
  constructor(client: Socket, hasIntake: boolean) {
    this.#client = client;
    if (!hasIntake) client.on("data", this.#onData);
    client.resume();
  }

  end(): void {
    this.#client.removeListener("data", this.#onData);
    this.#client.pause();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.end();
    this.#client.unshift(chunk);
  };
}
