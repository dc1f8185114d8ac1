import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";

/** A real TCP server on loopback that stands for a replica. */
export class TcpReplica implements AsyncDisposable {
  readonly #server: Server;
  /** Every socket accepted so far, closed ones included. */
  readonly sockets: Socket[] = [];
  readonly port: number;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** Listens on any free port (or the given one) of `host` and runs `serve` on each connection. */
  static async start(
    serve: (socket: Socket) => void,
    port = 0,
    host = "127.0.0.1",
  ): Promise<TcpReplica> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(port, host);
    await once(server, "listening");
    const bound = server.address();
    if (bound === null || typeof bound === "string") throw new Error("no port");
    const replica = new TcpReplica(server, bound.port);
    server.on("error", () => undefined);
    server.on("connection", (socket) => {
      socket.on("error", () => undefined);
      replica.sockets.push(socket);
      serve(socket);
    });
    return replica;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** Sends everything back, and its FIN when the client has sent its own. */
export function echo(socket: Socket): void {
  socket.on("data", (chunk) => {
    if (!socket.write(chunk)) socket.pause();
  });
  socket.on("drain", () => socket.resume());
  socket.on("end", () => socket.end());
}

/** Says its name, then echoes. */
export function named(name: string): (socket: Socket) => void {
  return (socket) => {
    socket.write(`${name}\n`);
    echo(socket);
  };
}
