import type { Socket } from "node:net";
import type { EngineReplica } from "../route.ts";
import { logsInConnection } from "./bound-login.ts";
import { Download } from "./download.ts";
import type { RawFields } from "./fields.ts";
import type { HttpRoute } from "./http-route.ts";
import type { Inbound } from "./inbound.ts";
import { awaitsContinue, hasBody, isChunked } from "./request-facts.ts";
import { Upload } from "./upload.ts";
import type { Upstream, UpstreamUser } from "./upstream.ts";

export interface DeliveryOptions {
  readonly inbound: Inbound;
  readonly service: HttpRoute;
  readonly upstream: Upstream;
}

/** Who has a request delivered. */
export interface DeliveryUser extends UpstreamUser {
  /** All of its body has been handed over. */
  sent(): void;
}

/** One request on one connection to a replica: both bodies on their way, and what becomes of the connection. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #download: Download;
  #upload: Upload | undefined;

  constructor(options: DeliveryOptions) {
    const { inbound, upstream } = options;
    this.#options = options;
    const { answer } = inbound;
    this.#download = new Download({ answer, upstream: upstream.socket });
  }

  get upstream(): Upstream {
    return this.#options.upstream;
  }

  /** A byte of the request's body has been sent, so that it cannot be sent to anybody else. */
  get hasBegun(): boolean {
    return this.#upload?.hasBegun === true;
  }

  /** The client is sending, or may at any time, and the replica is there to take it. */
  get isUnderWay(): boolean {
    return this.#upload?.isUnderWay === true && this.upstream.isOpen;
  }

  /** Nothing keeps the request waiting but the client. */
  get isClientsTurn(): boolean {
    return this.#upload?.isClientsTurn === true;
  }

  /** Sends the request; `user` hears of its answer. */
  start(head: string, user: DeliveryUser): void {
    const { inbound, service, upstream } = this.#options;
    const { change, facts, message } = inbound;
    const question = { isHead: facts.method === "HEAD", isUpgrade: change !== undefined };
    if (facts.credentials.some(logsInConnection)) upstream.isLoggedIn = true;
    upstream.ask(head, question, user);
    if (!hasBody(facts)) return;
    this.#upload = new Upload({
      message,
      upstream: upstream.socket,
      isChunked: isChunked(facts),
      awaitsWord: awaitsContinue(facts),
      meter: service.host.meter,
      sent: () => user.sent(),
    });
  }

  /** The replica has asked for the body. */
  invite(): void {
    this.#upload?.invite();
  }

  /** The replica takes bytes again. */
  drained(): void {
    this.#upload?.drained();
  }

  /** Passes on a piece of the answer's body. */
  write(bytes: Buffer, isLast: boolean): void {
    this.#download.write(bytes, isLast);
  }

  /** The answer is whole. */
  finish(trailers: RawFields): void {
    this.#download.finish(trailers);
  }

  /** Keeps the connection if it can carry another request, as none can on which one was not all sent. */
  settle(replica: EngineReplica | undefined, isClean: boolean, hintMs: number | undefined): void {
    const { inbound, service, upstream } = this.#options;
    const { isLoggedIn } = upstream;
    const isSent = this.#upload === undefined || this.#upload.isDone;
    const isKept = isLoggedIn ? service.keepsUpstreams : service.reusesUpstreams;
    this.#upload?.detach();
    if (replica === undefined || !isClean || !isSent || !isKept) {
      upstream.destroy();
      return;
    }
    upstream.free();
    if (isLoggedIn) inbound.origin.own.keep(service, replica, upstream);
    else service.pool.put(replica, upstream, hintMs);
  }

  /** Ends the connection; the rest of the request stays with the client. */
  abandon(): void {
    this.#upload?.detach();
    this.upstream.destroy();
  }

  /** Gives the connection away. */
  release(): Socket {
    return this.upstream.release();
  }
}
