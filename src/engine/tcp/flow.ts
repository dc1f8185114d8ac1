import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Intake } from "./intake.ts";
import type { ReadMeter } from "./read-meter.ts";

/** A side written to more recently than this may still have bytes under way that a reset would destroy, in ms. */
const quietMs = 1000;

/** What a side whose far side is gone may go on to say before it is no longer listened to, in bytes. */
const mostDiscarded = 1024 * 1024;

export interface FlowOptions {
  readonly from: Socket;
  readonly to: Socket;
  readonly meter: ReadMeter;
  /** How the near side is read, where that is not by events. */
  readonly intake?: Intake | undefined;
}

/** One direction of a relay: bytes and the final FIN, with reading paused while the far side is slow. */
export class Flow {
  readonly #from: Socket;
  readonly to: Socket;
  readonly #meter: ReadMeter;
  readonly #intake: Intake | undefined;
  #read: number;
  #pending = 0;
  #movedAt: number;
  #discarded: number | undefined;
  /** True once a byte has been taken from the near side. */
  begun = false;

  constructor({ from, to, meter, intake }: FlowOptions, now: number) {
    this.#from = from;
    this.to = to;
    this.#meter = meter;
    this.#intake = intake;
    this.#read = from.bytesRead;
    this.#movedAt = now;
  }

  /** Starts copying. */
  start(): void {
    if (this.#intake === undefined) this.#from.on("data", this.#onData);
    this.to.on("drain", this.#onDrain);
    // A FIN with nothing before it is told even while paused, so it may have come already [node: socket 'end'].
    if (this.#from.readableEnded) this.#onEnd();
    else this.#from.on("end", this.#onEnd);
    this.#from.resume();
    this.#intake?.flowTo(this.#sink);
  }

  /** Lets go of both sockets as they are; the near side stops reading. */
  detach(): void {
    this.#from.removeListener("data", this.#onData);
    this.#intake?.flowTo(undefined);
    this.to.removeListener("drain", this.#onDrain);
    this.#from.removeListener("end", this.#onEnd);
    this.#from.pause();
  }

  /** Stops reading for good: the far side is gone and nobody needs to know when the near side ends. */
  halt(): void {
    this.#discarded = mostDiscarded;
    this.#from.pause();
  }

  /** Reads on a little, only to see the end: the far side is gone. Said again, it reads on a little more. */
  discard(): void {
    this.#discarded = 0;
    this.#from.resume();
  }

  /** Passes on what was read from the near side before it broke, but has not been taken from its stream. */
  flush(): void {
    if (this.#discarded !== undefined) return;
    for (
      let rest: unknown = this.#from.read();
      rest instanceof Uint8Array;
      rest = this.#from.read()
    ) {
      this.to.write(rest);
    }
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
    const read = this.#discarded === undefined ? this.#from.bytesRead : this.#read;
    const pending = this.to.writableLength;
    if (read !== this.#read || pending !== this.#pending) {
      this.#read = read;
      this.#pending = pending;
      this.#movedAt = now;
    }
    return now - this.#movedAt;
  }

  /** True when a reset of the far side can destroy nothing: it was sent nothing, or has had time to get it. */
  quiet(now: number): boolean {
    if (this.to.bytesWritten === 0) return true;
    if (this.waiting) return false;
    return this.stillFor(now) >= quietMs;
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#meter.read(chunk.length);
    this.#take(chunk);
  };

  readonly #sink = (bytes: Buffer): boolean => {
    this.#take(bytes);
    return this.#discarded === undefined && this.to.writableLength > 0;
  };

  #take(chunk: Buffer): void {
    this.begun = true;
    if (this.#discarded === undefined) {
      if (!this.to.write(chunk)) this.#from.pause();
      return;
    }
    this.#discarded += chunk.length;
    if (this.#discarded > mostDiscarded) this.#from.pause();
  }

  readonly #onDrain = (): void => {
    this.#intake?.drained();
    if (this.#discarded === undefined) this.#from.resume();
  };

  readonly #onEnd = (): void => {
    const { to } = this;
    // Its own end has been read and all it is to get is the kernel's: closing says the rest, a FIN, and saves a
    // shutdown with the turn of the loop that waits for it. Of TLS, only an end is one that looks whole.
    const isDone = to.readableEnded && to.writableLength === 0 && !(to instanceof TLSSocket);
    if (isDone) to.destroy();
    else to.end();
  };
}
