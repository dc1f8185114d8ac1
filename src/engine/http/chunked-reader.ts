import { token, type RawFields } from "./fields.ts";

export interface ChunkedEvents {
  /** Bytes of the body, without what frames them. */
  readonly data: (bytes: Buffer) => void;
}

export type ChunkedStep =
  | { readonly kind: "more" }
  | { readonly kind: "bad" }
  /** The body is whole; `rest` came after it. */
  | { readonly kind: "whole"; readonly trailers: RawFields; readonly rest: Buffer };

type State = "size" | "data" | "data-end" | "trailers";

const longestSizeLine = 4096;
const longestTrailers = 16_384;
// Eleven digits are 16 TiB, far from where numbers lose their last digit.
const sizeLine = /^([0-9A-Fa-f]{1,11})(?:[ \t]*;[\t\u0020-\u007E\u0080-\u00FF]*)?$/;
// oxlint-disable-next-line no-control-regex -- these are the characters looked for
const stray = /[\0-\u0008\u000A-\u001F\u007F]/;

/** Takes the chunked coding off a body, in whatever pieces it comes; strict about every line end [rfc9112 §7.1]. */
export class ChunkedReader {
  readonly #events: ChunkedEvents;
  #state: State = "size";
  /** A line that has begun. */
  #line = "";
  /** Bytes that the present chunk still has. */
  #left = 0;
  readonly #trailers: string[] = [];
  #trailerBytes = 0;

  constructor(events: ChunkedEvents) {
    this.#events = events;
  }

  /** Takes the next bytes; not to be called again once the body is whole or bad. */
  feed(bytes: Buffer): ChunkedStep {
    let at = 0;
    while (at < bytes.length) {
      if (this.#state === "data") {
        at = this.#readData(bytes, at);
        continue;
      }
      const end = bytes.indexOf(0x0a, at);
      const stop = end === -1 ? bytes.length : end;
      this.#line += bytes.toString("latin1", at, stop);
      if (this.#line.length > this.#longest()) return { kind: "bad" };
      if (end === -1) return { kind: "more" };
      at = end + 1;
      const step = this.#endLine();
      if (step === "bad") return { kind: "bad" };
      if (step === "whole") {
        return { kind: "whole", trailers: this.#trailers, rest: bytes.subarray(at) };
      }
    }
    return { kind: "more" };
  }

  #readData(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    if (this.#left === 0) this.#state = "data-end";
    this.#events.data(bytes.subarray(at, end));
    return end;
  }

  #longest(): number {
    if (this.#state === "data-end") return 1;
    return this.#state === "size" ? longestSizeLine : longestTrailers - this.#trailerBytes;
  }

  #endLine(): "bad" | "whole" | "more" {
    const whole = this.#line;
    this.#line = "";
    if (!whole.endsWith("\r")) return "bad";
    const line = whole.slice(0, -1);
    if (this.#state === "trailers") return this.#readTrailer(line);
    if (this.#state === "data-end") {
      this.#state = "size";
      return line === "" ? "more" : "bad";
    }
    const digits = sizeLine.exec(line)?.[1];
    if (digits === undefined) return "bad";
    this.#left = Number.parseInt(digits, 16);
    this.#state = this.#left === 0 ? "trailers" : "data";
    return "more";
  }

  #readTrailer(line: string): "bad" | "whole" | "more" {
    if (line === "") return "whole";
    this.#trailerBytes += line.length;
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0));
    if (!token.test(name) || stray.test(line)) return "bad";
    this.#trailers.push(name, line.slice(colon + 1).trim());
    return "more";
  }
}
