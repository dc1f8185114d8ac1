import { createSocket, type RemoteInfo, type Socket, type SocketOptions } from "node:dgram";
import type { Address } from "../../model/address.ts";

export interface UdpSocketOptions {
  /** An IP literal of the family the socket is for. */
  readonly host: string;
  readonly reusePort?: boolean;
  readonly received: (message: Buffer, source: RemoteInfo) => void;
  /** A datagram could not be sent, or the network said so afterwards; `unsent` only where it can be sent again. */
  readonly failed: (error: Error, unsent: Payload | undefined) => void;
}

/** One datagram, in one piece or with a header of ours in front. */
export type Payload = Buffer | readonly Buffer[];

/** Datagrams that may wait within the process for a full socket. */
const mostWaiting = 64;

/** As many more, of a socket that sends to anyone: one for each address that has none among these. */
const mostLate = 64;

/**
 * A datagram socket that never throws and never ends the process: what goes wrong is said once, to `failed`. Node's own
 * throws from `send` and `close` once closed, and drops errors of sends without a callback [node: dgram].
 */
export class UdpSocket {
  readonly #socket: Socket;
  readonly #failed: UdpSocketOptions["failed"];
  #closed = false;
  /** Datagrams that were handed over and whose fate is not known. */
  #waiting = 0;
  /** Addresses that one of these is for beyond the usual number. */
  #late: Set<string> | undefined;
  #last: Payload | undefined;
  /** What could not even be handed over, since the connect before it failed. */
  #stranded: Payload | undefined;

  constructor({ host, reusePort = false, received, failed }: UdpSocketOptions) {
    const isIPv6 = host.includes(":");
    const options: SocketOptions = { type: isIPv6 ? "udp6" : "udp4", reusePort, lookup: literal };
    this.#failed = failed;
    this.#socket = createSocket(isIPv6 ? { ...options, ipv6Only: true } : options, received);
    this.#socket.on("error", (error) => {
      if (!this.#closed) failed(error, this.#stranded);
    });
  }

  /** True when it could be bound; otherwise `failed` has been told why. With no port, one of the kernel's choice. */
  bind(address: string, port = 0): boolean {
    let bound = false;
    this.#socket.once("listening", () => {
      bound = true;
    });
    // Literals are looked up at once, so that the outcome is known on return.
    this.#socket.bind({ port, address, exclusive: true });
    return bound;
  }

  /** From now on it sends to this address, and hears nobody else. */
  connect({ host, port }: Address): void {
    this.#socket.connect(port, host);
  }

  /** Asks the kernel to hold this many bytes of datagrams; returns what it grants, by its own count. */
  reserve(bytes: number): number {
    try {
      this.#socket.setRecvBufferSize(bytes);
    } catch {
      // What it grants is looked at below, whatever it thinks of the wish.
    }
    return this.#socket.getRecvBufferSize();
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Sends to the connected address; false when too much is waiting already. */
  send(payload: Payload): boolean {
    if (this.#closed) return true;
    if (this.#waiting >= mostWaiting) return false;
    this.#waiting += 1;
    this.#last = payload;
    try {
      this.#socket.send(payload, this.#settled);
    } catch {
      // Its connect failed, and the error of that is on its way [node: dgram `connect`].
      this.#waiting -= 1;
      this.#stranded = payload;
    }
    return true;
  }

  /** Sends to anyone; false when too much is waiting already, and of this address as well. */
  sendTo(message: Buffer, host: string, port: number): boolean {
    if (this.#closed) return true;
    if (this.#waiting >= mostWaiting) return this.#sendLate(message, host, port);
    this.#waiting += 1;
    this.#socket.send(message, port, host, this.#settled);
    return true;
  }

  /** Closes it at once; nothing is heard of it afterwards. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#last = undefined;
    this.#socket.close();
  }

  /** Whoever fills the socket holds up all others, and must not have all that waits as well. */
  #sendLate(message: Buffer, host: string, port: number): boolean {
    const to = `${host} ${port}`;
    this.#late ??= new Set();
    const late = this.#late;
    if (late.size >= mostLate || late.has(to)) return false;
    late.add(to);
    this.#waiting += 1;
    this.#socket.send(message, port, host, (error) => {
      late.delete(to);
      this.#settled(error);
    });
    return true;
  }

  // One function for all datagrams; of those that are sent at once it hears before the next one arrives.
  readonly #settled = (error: Error | null): void => {
    this.#waiting -= 1;
    const unsent = this.#waiting === 0 ? this.#last : undefined;
    this.#last = undefined;
    if (error !== null && !this.#closed) this.#failed(error, unsent);
  };
}

type Found = (error: Error | null, address: string, family: number) => void;

/** Node looks every address up, on a later turn of the loop; ours are literals already. */
function literal(address: string, family: unknown, found: Found): void {
  found(null, address, family === 6 ? 6 : 4);
}
