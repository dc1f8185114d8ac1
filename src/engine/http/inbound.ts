import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Endpoints } from "../proxy-protocol/header.ts";
import type { EngineRoute } from "../route.ts";
import type { Answer } from "./answer.ts";
import { ClientBytes } from "./client-bytes.ts";
import type { EarlyBytes } from "./early-bytes.ts";
import type { HttpHost } from "./http-host.ts";
import { OwnUpstream } from "./own-upstream.ts";
import type { Accepted } from "./refusal.ts";
import type { RequestFacts } from "./request-facts.ts";
import type { SocketAnswer } from "./socket-answer.ts";

/** A wish to change the protocol. */
export interface Change {
  readonly answer: SocketAnswer;
  /** What the client has said in the new protocol already. */
  readonly early: EarlyBytes;
}

/** Where the requests of one connection come from. */
export interface Origin {
  readonly socket: Socket;
  /** The client, and the address of ours it came to. */
  readonly ends: Endpoints;
  /** What the client says of those before it is believed. */
  readonly isBelieved: boolean;
  /** It came by TLS, which ends here. */
  readonly isSecure: boolean;
  /** The connection to a replica that only it may use. */
  readonly own: OwnUpstream;
  /** The port it came to. */
  readonly frontend: string;
  readonly bytes: ClientBytes;
}

/** A connection that has come to a port. */
interface Arrived extends Pick<Origin, "socket" | "ends"> {
  readonly route: EngineRoute;
}

/** What is known of all requests of a connection. */
export function originOf({ socket, ends, route }: Arrived, host: HttpHost): Origin {
  return {
    socket,
    ends,
    isBelieved: host.believes(ends.source.host),
    isSecure: host.isSecure,
    own: new OwnUpstream(),
    frontend: route.key,
    bytes: new ClientBytes(socket, route.policy.accessLog),
  };
}

/** One request of a client that may be forwarded, and the way to answer it. */
export interface Inbound {
  readonly origin: Origin;
  readonly message: IncomingMessage;
  readonly answer: Answer;
  readonly change: Change | undefined;
  readonly facts: RequestFacts;
  readonly accepted: Accepted;
}
