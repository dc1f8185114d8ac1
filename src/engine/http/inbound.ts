import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Endpoints } from "../proxy-protocol/header.ts";
import type { Answer } from "./answer.ts";
import type { ClientBytes } from "./client-bytes.ts";
import type { EarlyBytes } from "./early-bytes.ts";
import type { HttpHost } from "./http-host.ts";
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
  /** The port it came to. */
  readonly frontend: string;
}

/** What is known of all requests of a connection. */
export function originOf(
  arrived: Pick<Origin, "socket" | "ends" | "frontend">,
  host: HttpHost,
): Origin {
  const isBelieved = host.believes(arrived.ends.source.host);
  return { ...arrived, isBelieved, isSecure: host.isSecure };
}

/** One request of a client that may be forwarded, and the way to answer it. */
export interface Inbound extends Origin {
  readonly message: IncomingMessage;
  readonly answer: Answer;
  readonly change: Change | undefined;
  /** Since the request before it. */
  readonly bytes: ClientBytes;
  readonly facts: RequestFacts;
  readonly accepted: Accepted;
}
