import { crc32 } from "node:zlib";

/** Bytes of a frame before its body. */
const headBytes = 64;

/**
 * What load generator and replicas say to each other: a head, then a body. Of a request, `word` is the length of
 * the wanted answer; of an answer, it is the number of the replica that gave it.
 *
 *   0       4      8          12          64        bytes
 *   | bytes | word | checksum | (padding) | body …  |
 */
export interface Frame {
  /** Length of the whole frame. */
  readonly bytes: number;
  readonly word: number;
  /** False when the body does not have the checksum that the head states. */
  readonly intact: boolean;
}

/** What a replica says in place of its number when a request came to it damaged. */
export const damaged = 0xffff_ffff;

/** A frame whose body is a fixed pattern; its checksum is stated only when `isChecked`. */
export function encodeFrame(bytes: number, word: number, isChecked = true): Buffer {
  const frame = Buffer.allocUnsafe(Math.max(bytes, headBytes));
  for (let index = headBytes; index < frame.length; index += 1) frame[index] = (index * 31) % 251;
  frame.fill(0, 0, headBytes);
  frame.writeUInt32BE(frame.length, 0);
  frame.writeUInt32BE(word, 4);
  frame.writeUInt32BE(isChecked ? crc32(frame.subarray(headBytes)) : 0, 8);
  return frame;
}

/** A frame that came in one piece, its body checked. */
export function decodeFrame(bytes: Buffer): Frame {
  const isWhole = bytes.length >= headBytes && bytes.readUInt32BE(0) === bytes.length;
  if (!isWhole) return { bytes: bytes.length, word: damaged, intact: false };
  const stated = bytes.readUInt32BE(8);
  const intact = stated === 0 || stated === crc32(bytes.subarray(headBytes));
  return { bytes: bytes.length, word: bytes.readUInt32BE(4), intact };
}

export interface FrameReaderOptions {
  /** Compare bodies with the checksum of their head, where it is stated. */
  readonly isVerifying: boolean;
  readonly received: (frame: Frame) => void;
}

/** Cuts a stream of bytes into frames; a body is counted and checked, never kept. */
export class FrameReader {
  readonly #options: FrameReaderOptions;
  readonly #head = Buffer.alloc(headBytes);
  #filled = 0;
  #left = 0;
  #checksum = 0;

  constructor(options: FrameReaderOptions) {
    this.#options = options;
  }

  push(chunk: Buffer): void {
    let offset = 0;
    while (offset < chunk.length) {
      offset +=
        this.#filled < headBytes ? this.#takeHead(chunk, offset) : this.#take(chunk, offset);
      if (this.#filled === headBytes && this.#left === 0) this.#finish();
    }
  }

  #takeHead(chunk: Buffer, offset: number): number {
    const taken = chunk.copy(this.#head, this.#filled, offset, offset + headBytes - this.#filled);
    this.#filled += taken;
    if (this.#filled === headBytes) this.#left = this.#head.readUInt32BE(0) - headBytes;
    return taken;
  }

  #take(chunk: Buffer, offset: number): number {
    const taken = Math.min(this.#left, chunk.length - offset);
    if (this.#options.isVerifying && this.#head.readUInt32BE(8) !== 0)
      this.#checksum = crc32(chunk.subarray(offset, offset + taken), this.#checksum);
    this.#left -= taken;
    return taken;
  }

  #finish(): void {
    const head = this.#head;
    const stated = head.readUInt32BE(8);
    const intact = !this.#options.isVerifying || stated === 0 || stated === this.#checksum;
    this.#filled = 0;
    this.#checksum = 0;
    this.#options.received({ bytes: head.readUInt32BE(0), word: head.readUInt32BE(4), intact });
  }
}
