/** Bytes of an answer that are looked at, its body and banners included. */
export const longestAnswer = 65_536;

const firstCapacity = 512;
const lf = 0x0a;
const cr = 0x0d;

/** What a replica has said and nobody has read yet. Every byte is searched once, however it is sliced. */
export class Heard {
  /** Bytes that ever came. */
  total = 0;
  /** The replica has said that nothing more will come. */
  ended = false;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  /** Before this one there is nothing left to find. */
  #searched = 0;

  /** Copies the bytes, since a slice would keep the whole read buffer of the socket alive. */
  push(chunk: Buffer): void {
    const needed = this.#end + chunk.length;
    if (needed > this.#bytes.length) {
      const grown = Buffer.alloc(Math.max(needed, 2 * this.#bytes.length, firstCapacity));
      this.#bytes.copy(grown, 0, 0, this.#end);
      this.#bytes = grown;
    }
    chunk.copy(this.#bytes, this.#end);
    this.#end = needed;
    this.total += chunk.length;
  }

  /** Takes the next line, without its LF or CRLF; a byte becomes one character. */
  line(): string | undefined {
    const at = this.#find(lf);
    if (at === undefined) return undefined;
    const end = at > this.#start && this.#bytes[at - 1] === cr ? at - 1 : at;
    const line = this.#bytes.toString("latin1", this.#start, end);
    this.#start = at + 1;
    this.#searched = at + 1;
    return line;
  }

  /** The next so many bytes, which stay unread. */
  peek(count: number): string | undefined {
    if (this.#end - this.#start < count) return undefined;
    return this.#bytes.toString("latin1", this.#start, this.#start + count);
  }

  /** Reads up to the end of these bytes, once they are among the unread; asked again and again, they must be the same. */
  skipPast(bytes: Buffer): boolean {
    const at = this.#find(bytes);
    if (at === undefined) {
      this.#searched = Math.max(this.#start, this.#end - bytes.length + 1);
      return false;
    }
    this.#start = at + bytes.length;
    this.#searched = this.#start;
    return true;
  }

  #find(what: number | Buffer): number | undefined {
    const at = this.#bytes.subarray(0, this.#end).indexOf(what, this.#searched);
    if (at >= 0) return at;
    this.#searched = this.#end;
    return undefined;
  }
}
