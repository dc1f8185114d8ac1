import { once } from "node:events";
import { connect, type Socket } from "node:net";

/**
 * Waits until the handshake of a socket that listens to its errors was answered. One that was reset the moment it was
 * accepted counts as well, since that is all that tells `ECONNRESET` from a connection. Throws when nobody listens.
 */
export async function answered(socket: Socket): Promise<void> {
  try {
    await once(socket, "connect");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ECONNRESET")) throw error;
  }
}

/** A client connection that remembers what it received and how it ended. */
export class TcpClient implements AsyncDisposable {
  readonly socket: Socket;
  readonly chunks: Buffer[] = [];
  ended = false;
  closed = false;
  error: NodeJS.ErrnoException | undefined;

  constructor(port: number, host = "127.0.0.1") {
    this.socket = connect({ port, host, allowHalfOpen: true });
    this.socket.on("data", (chunk: Buffer) => this.chunks.push(chunk));
    this.socket.on("end", () => {
      this.ended = true;
    });
    this.socket.on("error", (error) => {
      this.error = error;
    });
    this.socket.on("close", () => {
      this.closed = true;
    });
  }

  /** A client whose handshake was `answered`; when it is reset by now, its `closed` and `error` say so. */
  static async open(port: number, host = "127.0.0.1"): Promise<TcpClient> {
    const client = new TcpClient(port, host);
    await answered(client.socket);
    return client;
  }

  get received(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get text(): string {
    return this.received.toString();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    if (!this.closed) await once(this.socket, "close");
  }
}
