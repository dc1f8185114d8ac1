import type { Socket } from "node:net";

/** A side written to more recently than this may still have bytes under way that a reset would destroy, in ms. */
const quietMs = 1000;

/** One direction of a relay: bytes and the final FIN, with reading paused while the far side is slow. */
export class Flow {
  readonly #from: Socket;
  readonly to: Socket;
  #read: number;
  #pending = 0;
  #movedAt: number;
  #discarding = false;

  constructor(from: Socket, to: Socket, now: number) {
    this.#from = from;
    this.to = to;
    this.#read = from.bytesRead;
    this.#movedAt = now;
  }

  /** Starts copying. */
  start(): void {
    this.#from.on("data", this.#onData);
    this.to.on("drain", this.#onDrain);
    this.#from.once("end", this.#onEnd);
    this.#from.resume();
  }

  /** Lets go of both sockets as they are; the near side stops reading. */
  detach(): void {
    this.#from.removeListener("data", this.#onData);
    this.to.removeListener("drain", this.#onDrain);
    this.#from.removeListener("end", this.#onEnd);
    this.#from.pause();
  }

  /** Reads on, but only to see the end: the far side is gone. */
  discard(): void {
    this.#discarding = true;
    this.#from.resume();
  }

  /** True when the near side has said all it will say. */
  get over(): boolean {
    return this.#from.readableEnded;
  }

  /** True while bytes wait for the far side to take them. */
  get waiting(): boolean {
    return this.to.writableLength > 0;
  }

  /** For how long, in ms, no byte has come in or gone out, as seen by calls of this method. */
  stillFor(now: number): number {
    const read = this.#discarding ? this.#read : this.#from.bytesRead;
    const pending = this.to.writableLength;
    if (read !== this.#read || pending !== this.#pending) {
      this.#read = read;
      this.#pending = pending;
      this.#movedAt = now;
    }
    return now - this.#movedAt;
  }

  /** True when a reset of the far side can destroy nothing: it was sent nothing, or has had time to get it. */
  quiet(): boolean {
    if (this.to.bytesWritten === 0) return true;
    if (this.waiting) return false;
    return this.stillFor(performance.now()) >= quietMs;
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.#discarding && !this.to.write(chunk)) this.#from.pause();
  };

  readonly #onDrain = (): void => {
    this.#from.resume();
  };

  readonly #onEnd = (): void => {
    this.to.end();
  };
}
