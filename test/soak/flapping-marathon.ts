import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { json } from "../support/scripted-marathon.ts";

/** Time between the heartbeats of a stream, in ms. */
const beatMs = 1000;

/**
 * A Marathon that comes and goes, on a port of its own for each who asks it, so that one can tell who connects how often.
 * While it is away, whoever connects is reset.
 */
export class FlappingMarathon implements AsyncDisposable {
  /** When each of them connected, in ms of `performance.now()`. */
  readonly connects: readonly number[][];
  readonly #apps: unknown;
  readonly #servers: readonly Server[];
  readonly #sockets = new Set<Socket>();
  readonly #streams = new Set<ServerResponse>();
  readonly #beat: NodeJS.Timeout;
  #isUp = true;

  private constructor(servers: readonly Server[], apps: unknown) {
    this.#apps = apps;
    this.#servers = servers;
    this.connects = servers.map(() => []);
    for (const [index, server] of servers.entries()) {
      server.on("connection", (socket) => this.#connected(socket, index));
      server.on("request", (request, response) => this.#answer(request, response));
    }
    this.#beat = setInterval(() => {
      for (const stream of this.#streams) stream.write("\r\n");
    }, beatMs);
  }

  /** For so many; it lists these apps. */
  static async start(count: number, apps: unknown): Promise<FlappingMarathon> {
    const servers = Array.from({ length: count }, () => createServer());
    for (const server of servers) {
      server.on("error", () => undefined);
      server.listen(0, "127.0.0.1");
    }
    await Promise.all(servers.map(async (server) => server.listening || once(server, "listening")));
    return new FlappingMarathon(servers, apps);
  }

  /** Where each of them asks. */
  get urls(): readonly URL[] {
    return this.#servers.map((server) => {
      const bound = server.address();
      if (bound === null || typeof bound === "string") throw new Error("no port");
      return new URL(`http://127.0.0.1:${bound.port}`);
    });
  }

  /** Goes, with every connection, or comes back. */
  flap(): void {
    this.#isUp = !this.#isUp;
    if (this.#isUp) return;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#beat);
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#servers.map((server) => once(server, "close")));
  }

  #connected(socket: Socket, index: number): void {
    this.connects[index]?.push(performance.now());
    socket.on("error", () => undefined);
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    if (!this.#isUp) socket.resetAndDestroy();
  }

  #answer({ url = "" }: IncomingMessage, response: ServerResponse): void {
    if (!url.startsWith("/v2/events")) {
      json(response, { apps: this.#apps });
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream", connection: "close" });
    response.write(
      'event: event_stream_attached\r\ndata: {"eventType":"event_stream_attached"}\r\n\r\n',
    );
    this.#streams.add(response);
    response.once("close", () => this.#streams.delete(response));
  }
}
