const blockBytes = 65_536;

/** Bytes that come in pieces of any size; they are copied, since to keep many small pieces costs more than what they say. */
export class GatheredBytes {
  readonly #full: Uint8Array[] = [];
  #block: Uint8Array;
  #used = 0;
  #length = 0;

  /** With as many as are expected they need not be copied twice; 0 when nobody knows. */
  constructor(expected: number) {
    this.#block = new Uint8Array(expected);
  }

  /** How many there are so far. */
  get length(): number {
    return this.#length;
  }

  add(piece: Uint8Array): void {
    for (let at = 0; at < piece.byteLength;) {
      if (this.#used === this.#block.byteLength) this.#turn();
      const part = piece.subarray(at, at + this.#block.byteLength - this.#used);
      this.#block.set(part, this.#used);
      this.#used += part.byteLength;
      at += part.byteLength;
    }
    this.#length += piece.byteLength;
  }

  /** All of them. */
  whole(): Uint8Array {
    const last = this.#block.subarray(0, this.#used);
    return this.#full.length === 0 ? last : Buffer.concat([...this.#full, last], this.#length);
  }

  #turn(): void {
    if (this.#used > 0) this.#full.push(this.#block);
    this.#block = new Uint8Array(blockBytes);
    this.#used = 0;
  }
}
