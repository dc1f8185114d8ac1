import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { ServerAnswer } from "./answer.ts";
import type { IdleClock } from "./idle-clock.ts";
import type { Change } from "./inbound.ts";
import type { SocketAnswer } from "./socket-answer.ts";

/** A request that has been parsed, and how to answer it. */
export interface Pending {
  readonly message: IncomingMessage;
  readonly answer: ServerAnswer | SocketAnswer;
  readonly change: Change | undefined;
}

/** Requests that may wait while their client is read on, so that its leaving is noticed. */
const mostAhead = 1000;

/** What one client has asked and is not over, in order: the request begun last, and those that wait for its answer. */
export class RequestQueue {
  readonly #waiting: Pending[] = [];
  #begun: Pending | undefined;
  #isLookedAt = false;
  /** True once there has been a request. */
  hasBegun = false;

  /** How many wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** The request begun last has not come to its end. */
  get isHalfRead(): boolean {
    return this.#begun?.message.complete === false;
  }

  push(pending: Pending): void {
    this.#waiting.push(pending);
  }

  /**
   * A client that asks too much ahead is not read on. That is looked at when all that was read of it at once has been
   * parsed, since the platform reads on behind each message that is whole [node: parserOnMessageComplete].
   */
  holdBack(client: Socket): void {
    if (this.#isLookedAt) return;
    this.#isLookedAt = true;
    setImmediate(() => {
      this.#isLookedAt = false;
      if (this.#waiting.length > mostAhead) client.pause();
    });
  }

  /** The next one that waits, if any. */
  shift(): Pending | undefined {
    return this.#waiting.shift();
  }

  begin(pending: Pending): void {
    this.#begun = pending;
    this.hasBegun = true;
  }

  /**
   * The request begun last is answered; what is left of it is read for nothing, and the clock restarts after that. One that has been read is let go of: a
   * connection that kept it would survive the small collections with it, and so would the next one of its parser.
   */
  answered(clock: IdleClock): void {
    if (this.isHalfRead) this.#begun?.message.once("end", () => clock.restart()).resume();
    else this.#begun = undefined;
  }

  /**
   * The client cannot be read on. The broken message is the last one whose head was whole, unless its body was whole
   * too: true when that is the one begun last.
   */
  broken(): boolean {
    if (this.#waiting.at(-1)?.message.complete === false) this.#waiting.pop();
    if (this.#waiting.length > 0 || !this.isHalfRead) return false;
    this.#begun?.answer.loseRequest();
    return true;
  }

  /** The client has gone. */
  clear(): void {
    this.#waiting.length = 0;
    this.#begun = undefined;
  }
}
