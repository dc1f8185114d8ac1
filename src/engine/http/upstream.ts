import { letGo } from "../tcp/let-go.ts";
import type { RawFields } from "./fields.ts";
import type { ResponseFlaw, ResponseHead } from "./response-head.ts";
import { ResponseReader, type Question, type ResponseEvents } from "./response-reader.ts";
import type { UpstreamSocket } from "./upstream-socket.ts";

/** How a connection to a replica was lost before its answer was whole. */
export interface Loss {
  /** What was wrong with the answer; `truncated` for a connection that ended or was reset. */
  readonly flaw: ResponseFlaw;
  /** Not one byte of an answer had come. */
  readonly isSilent: boolean;
}

/** Who a connection to a replica serves at the moment. */
export interface UpstreamUser extends Omit<ResponseEvents, "bad"> {
  /** Called once, instead of `whole`; the connection is gone. */
  lost(loss: Loss): void;
  /** The connection takes bytes again. */
  drained(): void;
}

/**
 * One connection to a replica: one request at a time, one answer to each. Whatever comes unasked, or after an answer,
 * ends it, so that it can reach nobody else.
 */
export class Upstream implements ResponseEvents {
  readonly socket: UpstreamSocket;
  /** Requests it has carried before the present one. */
  served = 0;
  /** It has carried a login that counts for all that follows, or the offer of one: it is one client's. */
  isLoggedIn = false;
  /** When it became idle, in ms. */
  idleSince = 0;
  /** How long it may idle, in ms. */
  idleMs = 0;
  #user: UpstreamUser | undefined;
  #reader: ResponseReader | undefined;
  #isSilent = true;
  /** The answer is whole, though its user may still be sending. */
  #isAnswered = false;
  /** Called once, when it ends while nobody uses it. */
  endedIdle: ((it: Upstream) => void) | undefined;

  /** Takes over an open socket that has an error listener. */
  constructor(socket: UpstreamSocket) {
    this.socket = socket;
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    socket.on("error", this.#onLoss);
    socket.on("close", this.#onClose);
    socket.on("drain", this.#onDrain);
  }

  /** True while it can carry a request. */
  get isOpen(): boolean {
    const { destroyed, writable, readableEnded, isCutOff } = this.socket;
    return !destroyed && writable && !readableEnded && !isCutOff;
  }

  /** True when the present request is not its first. */
  get isReused(): boolean {
    return this.served > 0;
  }

  /** Sends the head of a request whose answer goes to `user`. */
  ask(head: string, question: Question, user: UpstreamUser): void {
    this.#user = user;
    this.#isSilent = true;
    this.#isAnswered = false;
    this.#reader = new ResponseReader(question, this);
    this.socket.write(head, "latin1");
  }

  /** The answer is whole and nobody is to hear more. */
  free(): void {
    this.#user = undefined;
    this.#reader = undefined;
    this.served += 1;
    if (this.socket.isPaused()) this.socket.resume();
  }

  /** Ends it; its user hears nothing of it. */
  destroy(): void {
    this.#user = undefined;
    this.socket.destroy();
  }

  /** Gives the socket away, paused and without a listener but those for errors. */
  release(): UpstreamSocket {
    this.#user = undefined;
    this.socket.removeListener("data", this.#onData);
    this.socket.removeListener("end", this.#onEnd);
    this.socket.removeListener("error", this.#onLoss);
    this.socket.removeListener("close", this.#onClose);
    this.socket.removeListener("drain", this.#onDrain);
    this.socket.isPlain = true;
    this.socket.pause();
    return this.socket;
  }

  // From here on: what the reader of the answer tells.

  interim(head: ResponseHead): void {
    this.#user?.interim(head);
  }

  head(head: ResponseHead, isEmpty: boolean): void {
    this.isLoggedIn ||= head.offersLogin;
    this.#user?.head(head, isEmpty);
  }

  body(bytes: Buffer, isLast: boolean): void {
    this.#user?.body(bytes, isLast);
  }

  whole(trailers: RawFields, isClean: boolean): void {
    this.#isAnswered = true;
    this.socket.intake.restart();
    this.#user?.whole(trailers, isClean);
  }

  switched(head: ResponseHead, rest: Buffer): void {
    this.#user?.switched(head, rest);
  }

  bad(flaw: ResponseFlaw): void {
    const user = this.#user;
    this.#user = undefined;
    this.socket.destroy();
    if (user !== undefined) user.lost({ flaw, isSilent: this.#isSilent });
    else this.endedIdle?.(this);
  }

  readonly #onData = (bytes: Buffer): void => {
    this.#isSilent = false;
    if (this.#user === undefined) this.socket.destroy();
    else if (this.#isAnswered) this.bad("surplus");
    else this.#reader?.feed(bytes);
  };

  readonly #onEnd = (): void => {
    if (this.socket.isCutOff) this.bad("truncated");
    else if (this.#user !== undefined) this.#reader?.finish();
    this.socket.destroy();
  };

  readonly #onLoss = (): void => this.bad("truncated");

  readonly #onClose = (): void => {
    letGo(this.socket);
    this.bad("truncated");
  };

  readonly #onDrain = (): void => this.#user?.drained();
}
