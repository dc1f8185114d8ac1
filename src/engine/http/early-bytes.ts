import type { Socket } from "node:net";

const most = 65_536;

/** What a client says before it is connected to anybody: kept up to a bound, so that its leaving is still noticed. */
export class EarlyBytes {
  readonly #client: Socket;
  readonly #pieces: Buffer[];
  #length: number;

  /** Reads the client from now on; `first` is what has been read of it already. */
  constructor(client: Socket, first: Buffer) {
    this.#client = client;
    this.#pieces = [first];
    this.#length = first.length;
    client.on("data", this.#onData);
    client.resume();
  }

  /** All of it; the client is paused and no longer read. */
  take(): Buffer {
    this.#client.removeListener("data", this.#onData);
    this.#client.pause();
    return Buffer.concat(this.#pieces);
  }

  readonly #onData = (bytes: Buffer): void => {
    this.#pieces.push(bytes);
    this.#length += bytes.length;
    if (this.#length >= most) this.#client.pause();
  };
}
