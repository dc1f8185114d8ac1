import { createServer, type IncomingMessage, type Server } from "node:http";
import type { EngineRoute } from "../route.ts";
import type { Arrival, PortHost } from "../tcp/connection-host.ts";
import { letGo } from "../tcp/let-go.ts";
import type { HostName } from "./host-name.ts";
import { HttpConnection } from "./http-connection.ts";
import type { HttpHost, ParserListener } from "./http-host.ts";
import type { HttpRoute } from "./http-route.ts";
import type { Accepted, Refusal } from "./refusal.ts";
import type { RequestTally } from "./request-tally.ts";
import { factsOf, upgradeOf } from "./request-facts.ts";

export interface HttpFrontOptions {
  readonly service: PortHost;
  readonly requests: RequestTally | undefined;
  /** The service for a host name; undefined when nobody claims it. */
  readonly routeFor: (host: HostName | undefined) => HttpRoute | undefined;
  /** Our own answer to a request for a host that nobody claims. Default: 503. */
  readonly unclaimed?: (request: Accepted) => Refusal;
  /** True when clients speak TLS, which ends here. Default: false. */
  readonly isSecure?: boolean;
  /** True when what this client says of those before it is believed. Default: those whose PROXY header is. */
  readonly believes?: (client: string) => boolean;
}

const unknownHost: Refusal = { status: 503, reason: "unknown-host" };
const mostHeadBytes = 16_384;
const bufferBytes = 65_536;
const ownHosts: ReadonlySet<string> = new Set(["127.0.0.1", "::1"]);

/** The HTTP side of one port: the platform's parser, without a listener of its own, and the connections it reads. */
export class HttpFront implements HttpHost {
  readonly service: PortHost;
  readonly requests: RequestTally | undefined;
  readonly routeFor: (host: HostName | undefined) => HttpRoute | undefined;
  readonly unclaimed: (request: Accepted) => Refusal;
  readonly isSecure: boolean;
  readonly #believed: (client: string) => boolean;
  isServing: boolean = true;
  readonly #server: Server;
  readonly #listeners = new WeakMap<object, ParserListener>();

  constructor(options: HttpFrontOptions) {
    const { service } = options;
    this.service = service;
    this.requests = options.requests;
    this.routeFor = options.routeFor;
    this.unclaimed = options.unclaimed ?? (() => unknownHost);
    this.isSecure = options.isSecure ?? false;
    this.#believed = options.believes ?? ((client) => service.trusts(client));
    this.#server = createServer({
      insecureHTTPParser: false,
      maxHeaderSize: mostHeadBytes,
      highWaterMark: bufferBytes,
      // All waiting is watched by one look per second at every connection, and every refusal is our own.
      headersTimeout: 0,
      requestTimeout: 0,
      keepAliveTimeout: 0,
      requireHostHeader: false,
      shouldUpgradeCallback: (message) => upgradeOf(factsOf(message)) !== undefined,
    });
    this.#server.timeout = 0;
    // Counted where it can be answered with the right status.
    this.#server.maxHeadersCount = 0;
    this.#listen();
  }

  /** Takes over a paused client socket that has been counted as accepted. */
  accept(arrival: Arrival, route: EngineRoute): HttpConnection {
    return new HttpConnection(arrival, route, this);
  }

  parse(client: Arrival["client"], listener: ParserListener): void {
    this.#listeners.set(client, listener);
    this.#server.emit("connection", client);
    client.resume();
  }

  forget(client: Arrival["client"]): void {
    this.#listeners.delete(client);
    letGo(client);
  }

  /** A client on this host passes on what it was told; others only where the operator trusts their network. */
  believes(peer: string): boolean {
    return ownHosts.has(peer) || this.#believed(peer);
  }

  #listen(): void {
    const server = this.#server;
    server.on("request", (message, response) => this.#of(message)?.request(message, response));
    server.on("checkContinue", (message, response) =>
      this.#of(message)?.request(message, response),
    );
    server.on("checkExpectation", (message, response) =>
      this.#of(message)?.request(message, response),
    );
    const change = (message: IncomingMessage, _: unknown, first: Buffer): void =>
      this.#of(message)?.change(message, first);
    server.on("upgrade", change);
    server.on("connect", change);
    server.on("clientError", (error, socket) => this.#listeners.get(socket)?.fault(error));
  }

  #of({ socket }: IncomingMessage): ParserListener | undefined {
    return this.#listeners.get(socket);
  }
}
