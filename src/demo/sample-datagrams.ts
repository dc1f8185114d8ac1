import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

/** A small real UDP server on any free port of 127.0.0.1: it answers each datagram with its name and what it got. */
export class SampleDatagrams implements AsyncDisposable {
  readonly #socket: Socket;
  readonly port: number;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
  }

  static async start(name: string): Promise<SampleDatagrams> {
    const socket = createSocket("udp4");
    // A client that has gone is no news for a sample.
    socket.on("error", () => undefined);
    socket.on("message", (message, { address, port }) => {
      socket.send(`${name} heard ${message.toString().trim()}\n`, port, address);
    });
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    return new SampleDatagrams(socket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed;
  }
}
