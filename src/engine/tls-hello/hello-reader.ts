import type { HelloFlaw } from "../../model/gateway.ts";
import { readClientHello, type HelloReading } from "./client-hello.ts";

/** What is known after some more bytes; anything but `more` is the last word. */
export type HelloVerdict = HelloReading | { readonly kind: "more" };

const recordHeader = 5;
const handshakeHeader = 4;
const handshakeRecord = 22;
const clientHello = 1;
/** Both the longest record [rfc8446 §5.1] and the longest hello that is read. */
const mostBytes = 16_384;
const mostRecords = 64;
/** First letters of what speaks HTTP without TLS: its methods begin with a capital letter. */
const capitals = { first: 0x41, last: 0x5a } as const;

const more: HelloVerdict = { kind: "more" };

/**
 * Puts a ClientHello together from records in any slicing. It holds no more than one hello of 16 KiB in 64 records, and
 * takes no byte after it.
 */
export class HelloReader {
  readonly #header = Buffer.alloc(recordHeader);
  #headerLength = 0;
  #recordLeft = 0;
  #records = 0;
  #hello = Buffer.alloc(512);
  #helloLength = 0;
  #verdict: HelloVerdict = more;

  /** Takes the bytes that came next. */
  feed(bytes: Buffer): HelloVerdict {
    let at = 0;
    while (at < bytes.length && this.#verdict === more) {
      at += this.#recordLeft === 0 ? this.#takeHeader(bytes, at) : this.#takeContents(bytes, at);
    }
    return this.#verdict;
  }

  #takeHeader(bytes: Buffer, from: number): number {
    const taken = Math.min(recordHeader - this.#headerLength, bytes.length - from);
    bytes.copy(this.#header, this.#headerLength, from, from + taken);
    this.#headerLength += taken;
    const flaw = this.#flawOfHeader();
    if (flaw !== undefined) this.#verdict = { kind: "bad", flaw };
    else if (this.#headerLength === recordHeader) {
      this.#headerLength = 0;
      this.#records += 1;
      this.#recordLeft = this.#header.readUInt16BE(3);
    }
    return taken;
  }

  /** Judged as early as it can be: what is not TLS at all may never send five bytes. */
  #flawOfHeader(): HelloFlaw | undefined {
    const [type = 0, major] = this.#header;
    if (type !== handshakeRecord) return this.#records === 0 ? foreignWord(type) : "malformed";
    if (this.#headerLength >= 2 && major !== 3) return "not-tls";
    return this.#headerLength < recordHeader ? undefined : this.#flawOfRecord();
  }

  #flawOfRecord(): HelloFlaw | undefined {
    const minor = this.#header.readUInt8(2);
    const length = this.#header.readUInt16BE(3);
    // Pieces of a handshake are never empty [rfc8446 §5.1].
    if (minor > 4 || length === 0) return "malformed";
    return length > mostBytes || this.#records === mostRecords ? "too-large" : undefined;
  }

  #takeContents(bytes: Buffer, from: number): number {
    const taken = Math.min(this.#recordLeft, bytes.length - from, this.#wanted);
    this.#keep(bytes.subarray(from, from + taken));
    this.#recordLeft -= taken;
    if (this.#helloLength >= handshakeHeader) this.#judge();
    return taken;
  }

  /** Bytes up to the next thing to be known: the length of the hello, then its end. */
  get #wanted(): number {
    if (this.#helloLength < handshakeHeader) return handshakeHeader - this.#helloLength;
    return handshakeHeader + this.#announced - this.#helloLength;
  }

  get #announced(): number {
    return this.#hello.readUIntBE(1, 3);
  }

  #keep(bytes: Buffer): void {
    const length = this.#helloLength + bytes.length;
    if (length > this.#hello.length) {
      const larger = Buffer.alloc(Math.max(length, this.#hello.length * 2));
      this.#hello.copy(larger, 0, 0, this.#helloLength);
      this.#hello = larger;
    }
    bytes.copy(this.#hello, this.#helloLength);
    this.#helloLength = length;
  }

  #judge(): void {
    const end = handshakeHeader + this.#announced;
    if (this.#hello[0] !== clientHello) this.#verdict = { kind: "bad", flaw: "malformed" };
    else if (this.#announced > mostBytes) this.#verdict = { kind: "bad", flaw: "too-large" };
    else if (this.#helloLength === end) {
      this.#verdict = readClientHello(this.#hello.subarray(handshakeHeader, end));
    }
  }
}

function foreignWord(first: number): HelloFlaw {
  return first >= capitals.first && first <= capitals.last ? "plain-text" : "not-tls";
}
