import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { quietTurn } from "../../async/quiet-turn.ts";
import type { Address } from "../../model/address.ts";

export interface UdpPortOptions {
  readonly address: Address;
  /** Share the port with sockets of another process. */
  readonly reusePort: boolean;
}

/** What is to be sent back; undefined for nothing. */
export type Answering = (message: Buffer) => Buffer | undefined | Promise<Buffer | undefined>;

/** Queries the kernel may hold while we are busy, in bytes; it clamps what is too much. */
const receiveBytes = 1024 * 1024;

/** Longest time to empty the kernel's queue before closing, in ms. */
const mostQueueMs = 200;

/** One bound UDP port whose datagrams are questions. */
export class UdpPort implements AsyncDisposable {
  readonly #socket: Socket;
  #isOpen = true;
  #received = 0;

  private constructor(socket: Socket, answering: Answering) {
    this.#socket = socket;
    socket.on("message", (message, { address, port }) => {
      this.#received += 1;
      const reply = answering(message);
      if (reply instanceof Promise) void reply.then((late) => this.#send(late, { address, port }));
      else this.#send(reply, { address, port });
    });
  }

  /** Rejects when the address cannot be bound. Port 0 takes a free one. */
  static open({ address, reusePort }: UdpPortOptions, answering: Answering): Promise<UdpPort> {
    const { host, port } = address;
    const isVersion6 = isIPv6(host);
    const type = isVersion6 ? "udp6" : "udp4";
    const socket = createSocket({ type, ipv6Only: isVersion6, reusePort });
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.bind({ address: host, port }, () => {
        socket.removeListener("error", reject);
        // It concerns one datagram: who asked will ask again.
        socket.on("error", () => undefined);
        socket.setRecvBufferSize(receiveBytes);
        resolve(new UdpPort(socket, answering));
      });
    });
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Answers what has arrived, and closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await quietTurn(() => this.#received, mostQueueMs);
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await new Promise<void>((resolve) => {
      this.#socket.close(() => resolve());
    });
  }

  #send(reply: Buffer | undefined, { address, port }: { address: string; port: number }): void {
    // A datagram may claim to come from port 0, to which nothing can be sent.
    if (reply === undefined || !this.#isOpen || port === 0) return;
    this.#socket.send(reply, port, address, () => undefined);
  }
}
