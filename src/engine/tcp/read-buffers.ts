import type { ReadMeter } from "./read-meter.ts";

/** What one read takes at most, in bytes. */
const readBytes = 128 * 1024;

/** Buffers that are kept for the next one who needs one. */
const mostKept = 64;

/**
 * Memory that reads of one thread go into. Connections that say little read into one buffer that all of them share;
 * those with a stream of bytes have one of their own for as long as it lasts.
 */
export class ReadBuffers {
  /** What is read into it must be copied before the next read of anybody. */
  readonly shared: Buffer = Buffer.allocUnsafeSlow(readBytes);
  readonly #meter: ReadMeter;
  readonly #most: number;
  readonly #free: Buffer[] = [];
  /** Buffers that somebody has. */
  #taken = 0;
  #isScarce = false;

  /** A read of this many is taken for the begin of a stream. */
  readonly streamBytes: number;

  /** Streams have no more than `mostBytes` of their own; those beyond share, too. */
  constructor(meter: ReadMeter, mostBytes: number = Infinity) {
    this.#meter = meter;
    // Those that share are read a little at a time, and are to be known by that.
    this.streamBytes = mostBytes === Infinity ? 16 * 1024 : 4 * 1024;
    this.#most = mostBytes / readBytes;
  }

  /** True gives no stream a buffer of its own any more, whatever the limit, and keeps none. */
  set isScarce(isScarce: boolean) {
    this.#isScarce = isScarce;
    if (isScarce) this.#free.length = 0;
  }

  /** True while streams must share, and so are better read in small pieces: what waits of those is copied. */
  get isShort(): boolean {
    return this.#isScarce || this.#taken >= this.#most;
  }

  /** A copy of some bytes, to be collected when nobody needs them any more. */
  copy(bytes: Uint8Array): Buffer {
    if (!this.isShort) {
      this.#meter.read(bytes.length);
      return Buffer.from(bytes);
    }
    // Of a slab that many share, one who waits would keep all: 64 KiB [node: Buffer.poolSize].
    const copy = this.fresh(bytes.length);
    copy.set(bytes);
    return copy;
  }

  /** A new buffer, to be collected when nobody needs it any more. */
  fresh(length: number): Buffer {
    this.#meter.read(length);
    return Buffer.allocUnsafeSlow(length);
  }

  /** A buffer of one's own; the shared one where there is none left. */
  take(): Buffer {
    if (this.isShort) return this.shared;
    this.#taken += 1;
    const free = this.#free.pop();
    if (free !== undefined) return free;
    return this.fresh(readBytes);
  }

  /** Gives back what was taken, once nobody reads from it or into it. */
  give(buffer: Buffer): void {
    this.#taken -= 1;
    if (this.#free.length < mostKept && !this.#isScarce) this.#free.push(buffer);
  }

  /** So many will not be given back: the collector has them. */
  lose(count: number): void {
    this.#taken -= count;
  }
}
