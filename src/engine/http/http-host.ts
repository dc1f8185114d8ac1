import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { PortHost } from "../tcp/connection-host.ts";
import type { HostName } from "./host-name.ts";
import type { HttpRoute } from "./http-route.ts";
import type { Accepted, Refusal } from "./refusal.ts";
import type { RequestTally } from "./request-tally.ts";

/** Who hears what the parser reads on one connection. */
export interface ParserListener {
  /** The head of a request. */
  request(message: IncomingMessage, response: ServerResponse): void;
  /** A request to change the protocol; the parser has let go of the socket, and `first` came after the request. */
  change(message: IncomingMessage, first: Buffer): void;
  /** The parser refuses what it reads, or the socket failed. */
  fault(error: Error): void;
}

/** What a client's connection asks of the port it came to. */
export interface HttpHost {
  readonly service: PortHost;
  /** Counts what is refused before it is known which service it is for; none for no count. */
  readonly requests: RequestTally | undefined;
  /** False when no connection gets a further request. */
  readonly isServing: boolean;
  /** True when clients speak TLS, which ends here. */
  readonly isSecure: boolean;
  /** Gives the socket to the parser. */
  parse(client: Socket, listener: ParserListener): void;
  /** Lets go of a socket that is closed. */
  forget(client: Socket): void;
  /** The service for a host name; undefined when nobody claims it. */
  routeFor(host: HostName | undefined): HttpRoute | undefined;
  /** Our own answer to a request for a host that nobody claims. */
  unclaimed(request: Accepted): Refusal;
  /** True when what this peer says of those before it is believed. */
  believes(peer: string): boolean;
}
