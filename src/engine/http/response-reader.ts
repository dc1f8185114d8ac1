import { ChunkedReader } from "./chunked-reader.ts";
import type { RawFields } from "./fields.ts";
import { parseResponseHead, type ResponseFlaw, type ResponseHead } from "./response-head.ts";

/** What an answer is made of, told in order; after `whole`, `switched` or `bad` nothing more comes of it. */
export interface ResponseEvents {
  /** A word before the answer, 100–199 without 101. */
  interim(head: ResponseHead): void;
  /** `isEmpty` when no body follows. */
  head(head: ResponseHead, isEmpty: boolean): void;
  /** `isLast` when it is known to be the last piece. */
  body(bytes: Buffer, isLast: boolean): void;
  /** The answer is whole; `isClean` when the connection may carry another one. */
  whole(trailers: RawFields, isClean: boolean): void;
  /** The replica changed the protocol, as was asked; `rest` is already in the new one. */
  switched(head: ResponseHead, rest: Buffer): void;
  bad(flaw: ResponseFlaw): void;
}

/** What was asked, as far as it decides how the answer ends. */
export interface Question {
  readonly isHead: boolean;
  readonly isUpgrade: boolean;
}

type State = "head" | "length" | "chunked" | "until-close" | "over";

const longestHead = 65_536;
const mostInterim = 16;
const headEnd = Buffer.from("\r\n\r\n");
const nothing: Buffer = Buffer.alloc(0);

/** Reads the one answer to a question, in whatever pieces it comes [rfc9112 §6.3]. */
export class ResponseReader {
  readonly #question: Question;
  readonly #events: ResponseEvents;
  #state: State = "head";
  #held = nothing;
  #left = 0;
  #interims = 0;
  #keepsAlive = false;
  #chunks: ChunkedReader | undefined;

  constructor(question: Question, events: ResponseEvents) {
    this.#question = question;
    this.#events = events;
  }

  feed(bytes: Buffer): void {
    switch (this.#state) {
      case "head":
        this.#readHead(bytes);
        break;
      case "length":
        this.#readLength(bytes);
        break;
      case "chunked":
        this.#readChunks(bytes);
        break;
      case "until-close":
        this.#events.body(bytes, false);
        break;
      case "over":
        break;
    }
  }

  /** The replica will say no more. */
  finish(): void {
    if (this.#state === "over") return;
    const isWhole = this.#state === "until-close";
    this.#state = "over";
    if (isWhole) this.#events.whole([], false);
    else this.#events.bad("truncated");
  }

  #readHead(bytes: Buffer): void {
    const searched = this.#held.length;
    const held = searched === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const end = held.indexOf(headEnd, Math.max(0, searched - 3));
    if ((end === -1 ? held.length : end) > longestHead) {
      this.#fail("too-large");
      return;
    }
    if (end === -1) {
      this.#held = held;
      return;
    }
    this.#held = nothing;
    const head = parseResponseHead(held.toString("latin1", 0, end));
    const rest = held.subarray(end + headEnd.length);
    if (typeof head === "string") this.#fail(head);
    else if (head.status < 200) this.#interim(head, rest);
    else this.#begin(head, rest);
  }

  #interim(head: ResponseHead, rest: Buffer): void {
    if (head.isChunked) this.#fail("framing");
    else if (head.status === 101) this.#switch(head, rest);
    else if (this.#interims === mostInterim) this.#fail("interim");
    else {
      this.#interims += 1;
      this.#events.interim(head);
      if (rest.length > 0) this.#readHead(rest);
    }
  }

  #switch(head: ResponseHead, rest: Buffer): void {
    if (!this.#question.isUpgrade || head.upgrade === "") {
      this.#fail("upgrade");
      return;
    }
    this.#state = "over";
    this.#events.switched(head, rest);
  }

  #begin(head: ResponseHead, rest: Buffer): void {
    this.#keepsAlive = head.keepsAlive;
    const isEmpty = this.#isEmpty(head);
    this.#state = isEmpty ? "length" : bodyState(head);
    this.#left = head.length ?? 0;
    this.#events.head(head, isEmpty);
    if (isEmpty) this.#end([], rest);
    else if (rest.length > 0) this.feed(rest);
  }

  #isEmpty({ status, length }: ResponseHead): boolean {
    return this.#question.isHead || status === 204 || status === 304 || length === 0;
  }

  #readLength(bytes: Buffer): void {
    const piece = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
    this.#left -= piece.length;
    this.#events.body(piece, this.#left === 0);
    if (this.#left === 0) this.#end([], bytes.subarray(piece.length));
  }

  #readChunks(bytes: Buffer): void {
    this.#chunks ??= new ChunkedReader({ data: (piece) => this.#events.body(piece, false) });
    const step = this.#chunks.feed(bytes);
    if (step.kind === "bad") this.#fail("chunk");
    else if (step.kind === "whole") this.#end(step.trailers, step.rest);
  }

  #end(trailers: RawFields, rest: Buffer): void {
    if (this.#state === "over") return;
    this.#state = "over";
    // What comes after the answer was asked by nobody: whoever is served next must never get it.
    this.#events.whole(trailers, this.#keepsAlive && rest.length === 0);
  }

  #fail(flaw: ResponseFlaw): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#events.bad(flaw);
  }
}

function bodyState({ isChunked, length }: ResponseHead): State {
  if (isChunked) return "chunked";
  return length === undefined ? "until-close" : "length";
}
