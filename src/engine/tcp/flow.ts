import type { Socket } from "node:net";

/** A side written to more recently than this may still have bytes under way that a reset would destroy, in ms. */
const quietMs = 1000;

/** One direction of a relay: bytes and the final FIN, with reading paused while the far side is slow. */
export class Flow {
  readonly #from: Socket;
  readonly to: Socket;
  #read = 0;
  #pending = 0;
  #movedAt: number;
  #discarding = false;

  constructor(from: Socket, to: Socket, now: number) {
    this.#from = from;
    this.to = to;
    this.#movedAt = now;
  }

  /** Starts copying. */
  start(): void {
    const from = this.#from;
    const to = this.to;
    from.on("data", (chunk: Buffer) => {
      if (!this.#discarding && !to.write(chunk)) from.pause();
    });
    to.on("drain", () => {
      from.resume();
    });
    from.once("end", () => {
      to.end();
    });
    from.resume();
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
    this.#look(now);
    return now - this.#movedAt;
  }

  /** True when a reset of the far side can destroy nothing: it was sent nothing, or has had time to get it. */
  quiet(): boolean {
    if (this.to.bytesWritten === 0) return true;
    if (this.waiting) return false;
    return this.stillFor(performance.now()) >= quietMs;
  }

  #look(now: number): void {
    const read = this.#discarding ? this.#read : this.#from.bytesRead;
    const pending = this.to.writableLength;
    if (read === this.#read && pending === this.#pending) return;
    this.#read = read;
    this.#pending = pending;
    this.#movedAt = now;
  }
}
