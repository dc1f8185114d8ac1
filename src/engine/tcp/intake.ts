import type { OnReadOpts } from "node:net";
import type { ReadBuffers } from "./read-buffers.ts";

/** Takes bytes that were read; true when it still needs their memory when it returns. */
type Sink = (bytes: Buffer) => boolean;

/** A read of fewer bytes is taken for the end of a stream. */
const messageBytes = 4 * 1024;
/** As much is read at once where memory is short. */
const littleBytes = 4 * 1024;
/** As much is read while less than that still waits, so that no more than a whole buffer ever waits. */
const waitingBytes = 64 * 1024;

/**
 * How a socket is read without a buffer for each read, which would cost more than the read itself
 * [node: net.connect `onread`]. What comes while nobody takes it is kept, and the socket is then read no further.
 */
export class Intake implements OnReadOpts {
  #sink: Sink | undefined;
  #kept: Buffer | undefined;
  readonly #buffers: ReadBuffers;
  /** What the next read goes into. */
  #buffer: Buffer;
  /** Something was kept when bytes were taken last. */
  #isWaiting = false;
  /** Buffers that the sink needs until its far side has taken what is in them. */
  #lent: Buffer[] | undefined;

  constructor(buffers: ReadBuffers) {
    this.#buffers = buffers;
    this.#buffer = buffers.shared;
  }

  /** Where the next read goes to; called by Node. */
  readonly buffer = (): Buffer => {
    if (this.isShort) return this.#buffer.subarray(0, littleBytes);
    return this.#isWaiting ? this.#buffer.subarray(0, waitingBytes) : this.#buffer;
  };

  /** Takes the next so many bytes; called by Node, and false stops the reading. */
  readonly callback = (length: number): boolean => {
    const bytes = this.#buffer.subarray(0, length);
    if (this.#sink === undefined) return this.#keep(bytes);
    const isShared = this.#buffer === this.#buffers.shared;
    this.#isWaiting = this.#sink(isShared ? this.#buffers.copy(bytes) : bytes);
    if (isShared) {
      if (length >= this.#buffers.streamBytes) this.#buffer = this.#buffers.take();
    } else if (this.#isWaiting) this.#lend();
    else if (length < messageBytes) this.#share();
    return true;
  };

  /** True while it shares for want of memory: little is read at once, and nothing more while that waits. */
  get isShort(): boolean {
    const { isShort, shared } = this.#buffers;
    return isShort && this.#buffer === shared;
  }

  /** Sends what comes from now on there, after what was kept; undefined for nowhere. */
  flowTo(sink: Sink | undefined): void {
    this.#sink = sink;
    const kept = this.#kept;
    if (sink === undefined || kept === undefined) return;
    this.#kept = undefined;
    this.#isWaiting = sink(kept);
  }

  /** The far side has taken everything. */
  drained(): void {
    for (const buffer of this.#lent ?? []) this.#buffers.give(buffer);
    this.#lent = undefined;
    this.#isWaiting = false;
  }

  /** The socket is closed: nothing is read into its buffer any more. */
  close(): void {
    this.#share();
    // What is lent is still being sent.
    this.#buffers.lose(this.#lent?.length ?? 0);
    this.#lent = undefined;
  }

  #keep(bytes: Buffer): false {
    const copy = this.#buffers.copy(bytes);
    this.#kept = this.#kept === undefined ? copy : Buffer.concat([this.#kept, copy]);
    return false;
  }

  #lend(): void {
    this.#lent ??= [];
    this.#lent.push(this.#buffer);
    this.#buffer = this.#buffers.take();
  }

  #share(): void {
    const { shared } = this.#buffers;
    if (this.#buffer !== shared) this.#buffers.give(this.#buffer);
    this.#buffer = shared;
  }
}
