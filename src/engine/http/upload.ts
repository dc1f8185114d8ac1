import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { ReadMeter } from "../tcp/read-meter.ts";
import { formatFields, trailersOf } from "./fields.ts";

export interface UploadOptions {
  readonly message: IncomingMessage;
  readonly upstream: Socket;
  readonly isChunked: boolean;
  readonly meter: ReadMeter;
  /** The client waits for a word before it sends the first byte. */
  readonly awaitsWord: boolean;
  /** Called once all of it has been handed over. */
  readonly sent: () => void;
}

/** The body of one request on its way to a replica, read no faster than the replica takes it. */
export class Upload {
  readonly #options: UploadOptions;
  /** True once a byte of it has been sent, so that it cannot be sent to anybody else. */
  hasBegun = false;
  /** All of it has been handed over. */
  isDone = false;
  #isBlocked = false;
  #isInvited: boolean;

  constructor(options: UploadOptions) {
    const { message, awaitsWord } = options;
    this.#options = options;
    this.#isInvited = !awaitsWord;
    message.on("data", this.#onData);
    message.once("end", this.#onEnd);
    // One without a byte of body may have come to its end before, for a replica that did not answer it.
    if (message.readableEnded) this.#onEnd();
    else message.resume();
  }

  /** True while the client is sending it, or may at any time. */
  get isUnderWay(): boolean {
    return !this.isDone && (this.#isInvited || this.hasBegun);
  }

  /** True while nothing keeps it waiting but the client. */
  get isClientsTurn(): boolean {
    return this.isUnderWay && !this.#isBlocked;
  }

  /** The replica has asked for it. */
  invite(): void {
    this.#isInvited = true;
  }

  /** The replica takes bytes again. */
  drained(): void {
    if (!this.#isBlocked) return;
    this.#isBlocked = false;
    this.#options.message.resume();
  }

  /** Stops sending and leaves the message as it is, paused. */
  detach(): void {
    const { message } = this.#options;
    message.removeListener("data", this.#onData);
    message.removeListener("end", this.#onEnd);
    message.pause();
  }

  readonly #onData = (bytes: Buffer): void => {
    const { message, upstream, isChunked, meter } = this.#options;
    this.hasBegun = true;
    meter.read(bytes.length);
    if (isChunked) {
      upstream.cork();
      upstream.write(`${bytes.length.toString(16)}\r\n`, "latin1");
      upstream.write(bytes);
    }
    const isTaken = isChunked ? upstream.write("\r\n", "latin1") : upstream.write(bytes);
    if (isChunked) upstream.uncork();
    if (isTaken) return;
    this.#isBlocked = true;
    message.pause();
  };

  readonly #onEnd = (): void => {
    const { message, upstream, isChunked, sent } = this.#options;
    // A message that was cut off also ends; its client is gone and so is this.
    if (!message.complete) return;
    this.isDone = true;
    if (isChunked) {
      upstream.write(`0\r\n${formatFields(trailersOf(message.rawTrailers))}\r\n`, "latin1");
    }
    sent();
  };
}
