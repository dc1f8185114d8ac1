import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Intake } from "./intake.ts";
import type { ReadMeter } from "./read-meter.ts";
import { reset } from "./reset.ts";

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
  readonly heldFor: HeldFor;
}

/** What the kernel holds of what a socket was given. */
export interface Held {
  /** Bytes that the peer has not taken. */
  readonly bytes: number;
  /** When that was looked at, in ms. */
  readonly at: number;
}

/** Looks at what the kernel holds for a socket, later than at `since`, in ms; undefined where it does not say. */
export type HeldFor = (socket: Socket, since: number) => Promise<Held | undefined>;

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
  readonly #heldFor: HeldFor;
  /** Undefined with an intake. */
  #onData: ((chunk: Buffer) => void) | undefined;
  /** What the kernel held when it was asked last; undefined when that was never, or it does not say. */
  #held: Held | undefined;
  /** True once the kernel was asked since a byte was seen to move. */
  #isAsked = false;
  /** True once a byte has been taken from the near side. */
  begun = false;

  constructor({ from, to, meter, intake, heldFor }: FlowOptions, now: number) {
    this.#from = from;
    this.to = to;
    this.#meter = meter;
    this.#intake = intake;
    this.#heldFor = heldFor;
    this.#read = from.bytesRead;
    this.#movedAt = now;
  }

  /** Starts copying. */
  start(): void {
    if (this.#intake === undefined) this.#from.on("data", this.#hear());
    this.to.on("drain", this.#onDrain);
    // A FIN with nothing before it is told even while paused, so it may have come already [node: socket 'end'].
    if (this.#from.readableEnded) this.#onEnd();
    else this.#from.on("end", this.#onEnd);
    this.#from.resume();
    this.#intake?.flowTo((bytes) => this.#needs(bytes));
  }

  /** Lets go of both sockets as they are; the near side stops reading. */
  detach(): void {
    if (this.#onData !== undefined) this.#from.removeListener("data", this.#onData);
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

  /** True while the far side has not taken all it was sent, as far as the kernel has been asked. */
  get owes(): boolean {
    return this.waiting || (this.#held?.bytes ?? 0) > 0;
  }

  /** For how long, in ms, no byte has come in or gone out, as seen by calls of this method. */
  stillFor(now: number): number {
    const read = this.#discarded === undefined ? this.#from.bytesRead : this.#read;
    const pending = this.to.writableLength;
    if (read !== this.#read || pending !== this.#pending) {
      this.#read = read;
      this.#pending = pending;
      this.#moved(now);
    }
    return now - this.#movedAt;
  }

  /** True when it has stood still for so long, in ms, and the kernel has not been asked yet whether all is taken. */
  isDoubtful(now: number, stillMs: number): boolean {
    return !this.isUnused && !this.#isAsked && this.stillFor(now) >= stillMs;
  }

  /**
   * Asks the kernel what it holds. Of a slow side's taking nothing else is seen for minutes: there is room for more
   * only when a third of the kernel's buffer is free [linux: sk_stream_min_wspace].
   */
  async ask(now: number): Promise<void> {
    if (this.isUnused) return;
    this.#isAsked = true;
    const held = await this.#heldFor(this.to, this.#held?.at ?? this.#movedAt);
    // What was seen to move meanwhile is not in it.
    if (held !== undefined && held.at < this.#movedAt) return;
    const before = this.#held?.bytes;
    if (held !== undefined && before !== undefined && held.bytes !== before) this.#moved(now);
    this.#isAsked = true;
    this.#held = held;
  }

  /** True when the far side was never sent anything. */
  get isUnused(): boolean {
    return this.to.bytesWritten === 0;
  }

  /** True when nothing waits for the far side, and nothing has been sent to it for a while. */
  quiet(now: number): boolean {
    return this.isUnused || (!this.waiting && this.stillFor(now) >= quietMs);
  }

  /** Resets a quiet far side, unless the kernel was found to hold something for it. */
  reset(): boolean {
    if (!this.isUnused && (this.#held?.bytes ?? 0) > 0) return false;
    reset(this.to);
    return true;
  }

  /**
   * Closes the far side, whose time is over, at once. Where all it is to get is the kernel's, its FIN too, the kernel
   * goes on to deliver it, however slow the far side is; else it is reset, as what is cut off must not look whole.
   */
  close(): void {
    if (this.to.writableFinished) this.to.destroy();
    else reset(this.to);
  }

  #moved(now: number): void {
    this.#movedAt = now;
    this.#isAsked = false;
    this.#held = undefined;
  }

  #hear(): (chunk: Buffer) => void {
    return (this.#onData = (chunk) => {
      this.#meter.read(chunk.length);
      this.#take(chunk);
    });
  }

  /** Takes bytes of an intake; true when their memory is still needed. */
  #needs(bytes: Buffer): boolean {
    this.#take(bytes);
    return this.#discarded === undefined && this.to.writableLength > 0;
  }

  #take(chunk: Buffer): void {
    this.begun = true;
    if (this.#discarded === undefined) {
      if (this.#intake?.isShort === true) this.#takeLittle(chunk);
      else if (!this.to.write(chunk)) this.#from.pause();
      return;
    }
    this.#discarded += chunk.length;
    if (this.#discarded > mostDiscarded) this.#from.pause();
  }

  /** Where memory is short, not even a high-water mark waits. */
  #takeLittle(chunk: Buffer): void {
    this.to.write(chunk, this.#onDrain);
    if (this.to.writableLength > 0) this.#from.pause();
  }

  readonly #onDrain = (error?: Error | null): void => {
    if (error) return;
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
