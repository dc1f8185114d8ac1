import { once } from "node:events";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Core } from "./core.ts";
import { openExchange } from "./exchange.ts";
import { pass } from "./gate.ts";
import { errorPage } from "./answers.ts";

/** One request as a member saw it. */
export interface SeenRequest {
  readonly member: number;
  readonly method: string;
  /** As it was sent: with prefix and query. */
  readonly path: string;
  /** Ms since the epoch. */
  readonly at: number;
  readonly authorization?: string;
  /** The standbys it came through. */
  readonly via?: string;
}

export interface MemberOptions {
  readonly index: number;
  readonly host: string;
  /** 0 is any; once started, a member keeps its port. */
  readonly port: number;
  readonly core: Core;
  readonly onRequest: (request: SeenRequest) => void;
}

/** One HTTP server of the cluster; while stopped, its port refuses. */
export class Member {
  readonly #options: MemberOptions;
  #server: Server | undefined;
  #port: number;

  constructor(options: MemberOptions) {
    this.#options = options;
    this.#port = options.port;
  }

  get isRunning(): boolean {
    return this.#server !== undefined;
  }

  /** `host:port`. */
  get authority(): string {
    const { host } = this.#options;
    return `${host.includes(":") ? `[${host}]` : host}:${this.#port}`;
  }

  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer((request, response) => this.#accept(request, response));
    // Clients that went away or spoke no HTTP are no concern of the stand-in.
    server.on("clientError", (_error, socket) => void socket.destroy());
    // Before it listens, `once` rejects with the same error; after that there is only accepting to fail, once.
    server.on("error", () => undefined);
    server.keepAliveTimeout = 30_000;
    server.listen(this.#port, this.#options.host);
    await once(server, "listening");
    this.#port = portOf(server.address());
    this.#server = server;
  }

  /** Closes the port and breaks every connection. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  }

  #accept(request: IncomingMessage, response: ServerResponse): void {
    const { index, core, onRequest } = this.#options;
    const broken = (error: unknown): void => {
      response.destroy(error instanceof Error ? error : undefined);
    };
    request.on("error", broken);
    response.on("error", broken);
    const { authorization } = request.headers;
    const via = request.headers["x-marathon-via"];
    onRequest({
      member: index,
      method: request.method ?? "GET",
      path: request.url ?? "/",
      at: core.settings.clock(),
      ...(authorization === undefined ? {} : { authorization }),
      ...(via === undefined ? {} : { via: String(via) }),
    });
    const exchange = openExchange(request, response, core.settings.pathPrefix);
    if (exchange === undefined) {
      const page = errorPage(404, request.url ?? "/", "Not Found");
      response.writeHead(page.status, page.headers).end(page.body);
    } else {
      pass(exchange, index, core).catch(broken);
    }
  }
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("server has no port");
  return address.port;
}
