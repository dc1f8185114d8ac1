import { connect, type Socket } from "node:net";
import { EventReader } from "../../src/console/top/event-reader.ts";
import type { LiveEvent } from "../../src/console/top/picture.ts";

/** A reader of `/api/live` on a socket of its own, which may be paused as a slow one. */
export class LiveClient implements Disposable {
  readonly socket: Socket;
  readonly events: LiveEvent[] = [];
  /** Status line and headers; empty until they came. */
  head = "";
  /** Bytes of the body so far. */
  bytes = 0;
  readonly #reader = new EventReader();

  /** `address` as `host:port`. */
  constructor(address: string, query = "") {
    const [host = "", port = ""] = address.split(":");
    this.socket = connect(Number(port), host, () => {
      // HTTP/1.0 has no chunks, so that the body is the stream itself.
      this.socket.write(`GET /api/live${query} HTTP/1.0\r\nhost: ${address}\r\n\r\n`);
    });
    this.socket.on("error", () => undefined);
    this.socket.on("data", (chunk: Buffer) => this.#take(chunk));
  }

  /** The data of the newest event of a type as text. */
  last(type: string): string {
    return JSON.stringify(this.events.findLast((event) => event.type === type)?.data ?? null);
  }

  count(type: string): number {
    return this.events.filter((event) => event.type === type).length;
  }

  #take(chunk: Buffer): void {
    if (this.head !== "") {
      this.bytes += chunk.length;
      this.events.push(...this.#reader.read(chunk));
      return;
    }
    const end = chunk.indexOf("\r\n\r\n");
    this.head = chunk.subarray(0, end).toString();
    this.#take(chunk.subarray(end + 4));
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
