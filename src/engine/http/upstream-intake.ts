import type { OnReadOpts, Socket } from "node:net";
import type { ReadBuffers } from "../tcp/read-buffers.ts";

/** What one read takes at most, in bytes, as the platform reads. */
const readBytes = 64 * 1024;
/** As much is read at once where memory is short, and a read of fewer bytes is taken for the end of a stream. */
const littleBytes = 4 * 1024;

/**
 * How a replica's answers are read: short ones into the buffer that all share, of which they are copied, and those with a
 * stream of bytes into a new buffer for each read. The platform makes one of 64 KiB for every read, and to free those of
 * short answers is half of what a small collection takes [node: net.connect `onread`]. It is heard by `data`, as without.
 */
export class UpstreamIntake implements OnReadOpts {
  /** Whose it is. */
  socket: Socket | undefined;
  readonly #buffers: ReadBuffers;
  readonly #shared: Buffer;
  /** What the next read goes into. */
  #buffer: Buffer;
  #isStream = false;

  constructor(buffers: ReadBuffers) {
    this.#buffers = buffers;
    this.#shared = buffers.shared.subarray(0, readBytes);
    this.#buffer = this.#shared;
  }

  /** Where the next read goes to; called by Node. */
  readonly buffer = (): Buffer => {
    if (this.#isStream) this.#buffer = this.#buffers.fresh(readBytes);
    else if (this.#buffers.isShort) this.#buffer = this.#shared.subarray(0, littleBytes);
    else this.#buffer = this.#shared;
    return this.#buffer;
  };

  /** What comes from now on is another answer: nothing is held for it while it is not asked for. */
  restart(): void {
    this.#isStream = false;
  }

  /** Takes the next so many bytes; called by Node. */
  readonly callback = (length: number): boolean => {
    const bytes = this.#buffer.subarray(0, length);
    const own = this.#isStream ? bytes : this.#buffers.copy(bytes);
    const least = this.#isStream ? littleBytes : this.#buffers.streamBytes;
    this.#isStream = length >= least && !this.#buffers.isShort;
    // Last, as that may be the end of an answer.
    this.socket?.emit("data", own);
    return true;
  };
}
