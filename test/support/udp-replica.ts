import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { portOf } from "./udp-client.ts";

/** What a replica does with a datagram; `reply` sends back to where it came from. */
export type Serve = (
  message: Buffer,
  reply: (answer: Buffer | string) => void,
  source: RemoteInfo,
) => void;

/** A real UDP server on loopback that stands for a replica. */
export class UdpReplica implements AsyncDisposable {
  readonly #socket: Socket;
  readonly port: number;
  /** What arrived, in order. */
  readonly received: Buffer[] = [];
  /** `host:port` of everyone who sent something. */
  readonly sources: Set<string> = new Set();

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = portOf(socket);
  }

  /** Listens on any free port (or the given one) of `host`, and runs `serve` on each datagram. */
  static async start(serve: Serve, port = 0, host = "127.0.0.1"): Promise<UdpReplica> {
    const socket = createSocket({ type: host.includes(":") ? "udp6" : "udp4" });
    socket.on("error", () => undefined);
    socket.bind(port, host);
    await once(socket, "listening");
    const replica = new UdpReplica(socket);
    socket.on("message", (message, source) => {
      replica.received.push(message);
      replica.sources.add(`${source.address}:${source.port}`);
      serve(message, (answer) => socket.send(answer, source.port, source.address), source);
    });
    return replica;
  }

  /** Sends to an address that may not have asked. */
  send(message: string, port: number, host = "127.0.0.1"): void {
    this.#socket.send(message, port, host);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await once(this.#socket, "close");
  }
}

/** Sends everything back as it is. */
export const echoDatagram: Serve = (message, reply) => reply(message);

/** Answers everything with its name. */
export function namedDatagram(name: string): Serve {
  return (_message, reply) => reply(name);
}
