import type { RemoteInfo } from "node:dgram";
import type { Address } from "../../model/address.ts";
import { codeOf, type Listener } from "../binding.ts";
import { UdpSocket } from "./udp-socket.ts";

export interface UdpListenerOptions {
  readonly address: Address;
  /** Share the port with listeners of other workers; the kernel keeps each client on one of them. */
  readonly reusePort: boolean;
  readonly received: (message: Buffer, source: RemoteInfo) => void;
  /** An answer could not be sent. */
  readonly failed: (error: Error) => void;
}

export type UdpListenResult =
  | { readonly kind: "listening"; readonly listener: UdpListener }
  | { readonly kind: "failed"; readonly code: string };

/** Bytes of datagrams the kernel is asked to hold while the thread is busy; it clamps them to `rmem_max`. */
const wantedBuffer = 4 * 1024 * 1024;

/** One bound UDP port: where clients send to, and what all answers to them come from. */
export class UdpListener implements Listener {
  readonly #socket: UdpSocket;
  readonly port: number;
  readonly receiveBuffer: number;

  private constructor(socket: UdpSocket) {
    this.#socket = socket;
    this.port = socket.port;
    this.receiveBuffer = socket.reserve(wantedBuffer);
  }

  /** Binds; a port in use, a missing privilege or a bad address is a result, not an exception. */
  static open(options: UdpListenerOptions): UdpListenResult {
    const { address, reusePort, received, failed } = options;
    let code = "UNKNOWN";
    let isOpen = false;
    const socket = new UdpSocket({
      host: address.host,
      reusePort,
      received,
      failed: (error) => {
        if (isOpen) failed(error);
        else code = codeOf(error);
      },
    });
    if (!socket.bind(address.host, address.port)) {
      socket.close();
      return { kind: "failed", code };
    }
    isOpen = true;
    return { kind: "listening", listener: new UdpListener(socket) };
  }

  /** Sends an answer; false when too many wait already. */
  answer(message: Buffer, host: string, port: number): boolean {
    return this.#socket.sendTo(message, host, port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
  }
}
