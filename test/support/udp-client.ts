import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";

export interface UdpClientOptions {
  /** Where it sends to. Default 127.0.0.1. */
  readonly host?: string;
  /** What it is bound to. Default the loopback address of the same family. */
  readonly from?: string;
  readonly fromPort?: number;
}

/** A real UDP client with an address of its own; what it is sent is kept. */
export class UdpClient implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #to: { readonly host: string; readonly port: number };
  readonly received: Buffer[] = [];
  /** `host:port` that what it received came from. */
  readonly sources: Set<string> = new Set();
  readonly port: number;

  private constructor(socket: Socket, to: { readonly host: string; readonly port: number }) {
    this.#socket = socket;
    this.#to = to;
    this.port = portOf(socket);
    socket.on("message", (message, { address, port }) => {
      this.received.push(message);
      this.sources.add(`${address}:${port}`);
    });
  }

  static async open(port: number, options: UdpClientOptions = {}): Promise<UdpClient> {
    const { host = "127.0.0.1", fromPort = 0 } = options;
    const isIPv6 = host.includes(":");
    const socket = createSocket({ type: isIPv6 ? "udp6" : "udp4" });
    socket.on("error", () => undefined);
    socket.bind(fromPort, options.from ?? (isIPv6 ? "::1" : "127.0.0.1"));
    await once(socket, "listening");
    return new UdpClient(socket, { host, port });
  }

  get texts(): string[] {
    return this.received.map(String);
  }

  send(message: Buffer | string): void {
    const { host, port } = this.#to;
    this.#socket.send(message, port, host);
  }

  /** Sends, and waits for the next datagram that arrives; undefined when none comes in time. */
  async ask(message: Buffer | string, withinMs = 5000): Promise<Buffer> {
    const before = this.received.length;
    this.send(message);
    return await eventually(() => this.received[before], { withinMs, what: "an answer" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await once(this.#socket, "close");
  }
}

/** The port a socket is bound to. */
export function portOf(socket: Socket): number {
  return socket.address().port;
}

/** A port of loopback that nobody has for TCP or for UDP, and that no socket is given by chance. */
export async function freePortOfBoth(host = "127.0.0.1"): Promise<number> {
  for (;;) {
    const port = await freePort(host);
    if (await isFreeForUdp(port, host)) return port;
  }
}

/** So many free UDP ports of loopback, in the order in which the policy `first` takes replicas on them. */
export async function orderedUdpPorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePortOfBoth());
  return [...ports].toSorted((one, other) => (String(one) < String(other) ? -1 : 1));
}

async function isFreeForUdp(port: number, host: string): Promise<boolean> {
  const socket = createSocket({ type: host.includes(":") ? "udp6" : "udp4" });
  const isFree = await new Promise<boolean>((resolve) => {
    socket.on("error", () => resolve(false));
    socket.bind(port, host, () => resolve(true));
  });
  socket.close();
  return isFree;
}
