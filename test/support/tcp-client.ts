import { once } from "node:events";
import { connect, type Socket } from "node:net";

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

  /** A connected client. */
  static async open(port: number, host = "127.0.0.1"): Promise<TcpClient> {
    const client = new TcpClient(port, host);
    await once(client.socket, "connect");
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
