/** Reads a piece of bytes from front to back; what would lie beyond its end is undefined, and so is all that follows. */
export class ByteCursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Bytes that have not been read. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** A number of one or two bytes, high byte first. */
  number(width: 1 | 2): number | undefined {
    if (this.left < width) return this.#overrun();
    const value = this.#bytes.readUIntBE(this.#at, width);
    this.#at += width;
    return value;
  }

  /** The next `length` bytes; a view, not a copy. */
  take(length: number): Buffer | undefined {
    if (this.left < length) return this.#overrun();
    const taken = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return taken;
  }

  /** Bytes with their length, of so many bytes, in front. */
  vector(width: 1 | 2): Buffer | undefined {
    const length = this.number(width);
    return length === undefined ? undefined : this.take(length);
  }

  #overrun(): undefined {
    this.#at = this.#bytes.length;
    return undefined;
  }
}
