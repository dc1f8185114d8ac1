import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { answered } from "./tcp-client.ts";

/** How one end of a connection came to know that it is over. */
export type Sight = "end" | "reset";

const period = 251;
const longestWrite = 64 * 1024;
const pattern = Buffer.from(Array.from({ length: longestWrite + period }, (_, at) => at % period));

/**
 * One end of a connection under test. What it says is a known pattern, and what it hears is held against the same
 * pattern, so that a lost, doubled or displaced byte shows.
 */
export class Peer implements AsyncDisposable {
  readonly socket: Socket;
  /** Bytes handed to the socket so far. */
  said = 0;
  /** Bytes that arrived so far. */
  heard = 0;
  /** True once something arrived that is not the pattern. */
  garbled = false;
  /** What it saw first of the connection's end. */
  saw: Sight | undefined;
  closed = false;
  #pouring = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => {
      this.saw ??= "reset";
    });
    socket.on("data", (chunk: Buffer) => this.#hear(chunk));
    socket.on("drain", () => this.#pour());
    socket.once("end", () => {
      this.saw ??= "end";
    });
    socket.once("close", () => {
      this.#pouring = false;
      this.closed = true;
    });
  }

  /** A client that is still connecting, and may be reset before it knows that it has. */
  static dial(port: number, host = "127.0.0.1"): Peer {
    return new Peer(connect({ port, host, allowHalfOpen: true }));
  }

  /** A client whose handshake was answered; it may be reset by now, and then that is what it saw. */
  static async connect(port: number, host?: string): Promise<Peer> {
    const peer = Peer.dial(port, host);
    await answered(peer.socket);
    return peer;
  }

  /** Says so many more bytes. */
  say(count: number): void {
    for (let left = count; left > 0; left -= longestWrite)
      this.#write(Math.min(left, longestWrite));
  }

  /** Says as much as the other side takes, until `hush`. */
  pour(): void {
    this.#pouring = true;
    this.#pour();
  }

  hush(): void {
    this.#pouring = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    if (!this.closed) await once(this.socket, "close");
  }

  #pour(): void {
    while (this.#pouring && this.#write(longestWrite));
  }

  #write(count: number): boolean {
    const start = this.said % period;
    this.said += count;
    return this.socket.write(pattern.subarray(start, start + count));
  }

  #hear(chunk: Buffer): void {
    for (let offset = 0; offset < chunk.length; offset += longestWrite) {
      const piece = chunk.subarray(offset, offset + longestWrite);
      const start = this.heard % period;
      if (!piece.equals(pattern.subarray(start, start + piece.length))) this.garbled = true;
      this.heard += piece.length;
    }
  }
}
