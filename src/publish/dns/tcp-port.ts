import { once } from "node:events";
import { createServer, isIPv6, type Server, type Socket } from "node:net";
import type { Address } from "../../model/address.ts";
import { framed, messagesIn } from "../../nameserver/frames.ts";
import type { Answering } from "./udp-port.ts";

export interface TcpPortOptions {
  readonly address: Address;
  /** Share the port with sockets of another process. */
  readonly reusePort: boolean;
  /** A connection on which nothing moved for so long is closed, in ms. */
  readonly idleMs: number;
  /** More connections than this are closed at once. */
  readonly mostConnections: number;
}

/** A question with every option there is has less. */
const longestQuestion = 4096;

/** One listening TCP port whose connections carry questions, answered in their order. */
export class TcpPort implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Rejects when the address cannot be bound. Port 0 takes a free one. */
  static open(
    { address, reusePort, idleMs, mostConnections }: TcpPortOptions,
    answering: Answering,
  ): Promise<TcpPort> {
    // A client may end its side behind its last question.
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.maxConnections = mostConnections;
    const opened = new TcpPort(server);
    server.on("connection", (socket) => {
      // Its end is seen where it is read.
      socket.on("error", () => undefined);
      socket.setTimeout(idleMs, () => {
        socket.destroy(new Error("idle"));
      });
      opened.#track(socket);
      void serve(socket, answering);
    });
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen({ ...address, reusePort, ipv6Only: isIPv6(address.host) }, () => {
        server.removeListener("error", reject);
        // An accept that fails concerns one client.
        server.on("error", () => undefined);
        resolve(opened);
      });
    });
  }

  get port(): number {
    const bound = this.#server.address();
    return bound !== null && typeof bound === "object" ? bound.port : 0;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const socket of this.#sockets) socket.destroy(new Error("closed"));
    await closed;
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
    });
  }
}

async function serve(socket: Socket, answering: Answering): Promise<void> {
  try {
    for await (const message of messagesIn(socket, longestQuestion)) {
      const reply = await answering(message);
      if (reply === undefined) throw new Error("not a question");
      // One at a time: a client that does not read gets no more.
      if (!socket.write(framed(reply))) await once(socket, "drain");
    }
    socket.end();
  } catch {
    // The client broke off, was silent too long or talked nonsense: there is nobody to tell.
    socket.destroy();
  }
}
