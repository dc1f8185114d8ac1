import type { IncomingMessage, ServerResponse } from "node:http";
import { ignore } from "../tcp/ignore.ts";
import type { RawFields } from "./fields.ts";
import { formatResponseHead, type ResponseHead } from "./response-head.ts";

export interface AnswerOptions {
  /** No body follows. */
  readonly isEmpty: boolean;
  /** The client's connection ends after it. */
  readonly closes: boolean;
  /** The rest of the request is passed on meanwhile. */
  readonly isEarly: boolean;
  /** Further fields. */
  readonly more: RawFields;
}

/** What a client is answered: words before the answer, its head, its body. */
export interface Answer {
  /** The head is on its way, so nothing else can be answered any more. */
  readonly isBegun: boolean;
  /** The client's connection ends after it; known once it has begun. */
  readonly isLast: boolean;
  interim(head: ResponseHead): void;
  begin(head: ResponseHead, options: AnswerOptions): void;
  /** False when the client is slow: then `drained` is called once it has caught up. */
  write(bytes: Buffer, drained: () => void): boolean;
  end(last: Buffer | undefined, trailers: RawFields): void;
  /** The rest of the request will never come. */
  loseRequest(): void;
}

/** How long a client is read on after an answer that came before the end of its request, in ms. */
const lingerMs = 1000;

/** A body up to this length, in bytes, is sent in one piece with its head. */
const mostJoined = 4096;

/** An answer by the platform's own response. */
export class ServerAnswer implements Answer {
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #isModern: boolean;
  #isRequestLost = false;
  #closes = false;
  #isEarly = false;
  #isFramed = true;
  #isFlushed = false;
  #drained: (() => void) | undefined;

  constructor(message: IncomingMessage, response: ServerResponse) {
    this.#message = message;
    this.#response = response;
    this.#isModern = message.httpVersionMinor === 1;
    // A client that has gone makes writing fail; its socket tells of it.
    response.on("error", ignore);
  }

  get isBegun(): boolean {
    return this.#response.headersSent;
  }

  get isLast(): boolean {
    return this.#closes || !this.#response.shouldKeepAlive || !this.#isFramed;
  }

  interim(head: ResponseHead): void {
    if (!this.#isModern || this.isBegun) return;
    if (head.status === 100) this.#response.writeContinue();
    // Nothing of this answer is before it, and Node 24 has a way of its own for a 102 and a 103 only.
    else this.#response.socket?.write(formatResponseHead(head, ""), "latin1");
  }

  begin(head: ResponseHead, { isEmpty, closes, isEarly, more }: AnswerOptions): void {
    const hasLength = isEmpty || head.length !== undefined;
    const fields = passedOn(head, hasLength || !this.#isModern);
    this.#isFramed = hasLength || this.#isModern;
    for (const part of more) fields.push(part);
    this.#closes = closes;
    this.#isEarly = isEarly;
    if (closes) fields.push("Connection", "close");
    this.#response.writeHead(head.status, head.reason, fields);
    // Without a body nothing else would send it, and the replica may take its time with the first piece.
    if (!isEmpty && head.length !== 0) process.nextTick(this.#flush);
  }

  write(bytes: Buffer, drained: () => void): boolean {
    this.#isFlushed = true;
    if (this.#response.write(bytes)) return true;
    if (this.#drained === undefined) this.#response.on("drain", () => this.#drained?.());
    this.#drained = drained;
    return false;
  }

  end(last: Buffer | undefined, trailers: RawFields): void {
    this.#isFlushed = true;
    if (trailers.length > 0 && this.#isModern) this.#response.addTrailers(pairsOf(trailers));
    const isRequestOver = this.#isRequestLost || this.#message.complete;
    if (this.isLast && !isRequestOver) this.#endSlowly(last);
    // One string with the head: copying so little costs less than a write of several pieces.
    else if (last !== undefined && last.length <= mostJoined) {
      this.#response.end(last.toString("latin1"), "latin1");
    } else this.#response.end(last);
  }

  loseRequest(): void {
    this.#isRequestLost = true;
  }

  /**
   * Closing with a request half read would reset the connection and could destroy the answer, so it is read on: a little
   * where that is for nothing, as long as it comes where it is passed on.
   */
  #endSlowly(last: Buffer | undefined): void {
    if (last === undefined) this.#response.flushHeaders();
    else this.#response.write(last);
    const end = (): void => {
      clearTimeout(timer);
      this.#message.removeListener("end", end);
      this.#message.removeListener("close", end);
      this.#response.end();
    };
    let read = this.#message.socket.bytesRead;
    const look = (): void => {
      const isMoving = this.#message.socket.bytesRead !== read;
      read = this.#message.socket.bytesRead;
      if (this.#isEarly && isMoving) timer.refresh();
      else end();
    };
    const timer = setTimeout(look, lingerMs);
    this.#message.once("end", end);
    this.#message.once("close", end);
    this.#message.resume();
  }

  /** Sends the head at the end of this turn of the loop, unless it goes together with the first piece of the body. */
  readonly #flush = (): void => {
    if (!this.#isFlushed && !this.#response.destroyed) this.#response.flushHeaders();
  };
}

/** A 204 has no length [rfc9110 §8.6], and nothing trails what is not in chunks. */
function passedOn({ status, fields, namesTrailers }: ResponseHead, isPlain: boolean): string[] {
  if (status === 204) return without(fields, "content-length", "trailer");
  return isPlain && namesTrailers ? without(fields, "trailer") : fields;
}

function without(fields: string[], ...names: readonly string[]): string[] {
  const isOut = (name = ""): boolean => names.includes(name.toLowerCase());
  return fields.filter((_, at) => !isOut(fields[at - (at % 2)]));
}

function pairsOf(fields: RawFields): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    pairs.push([fields[at] ?? "", fields[at + 1] ?? ""]);
  }
  return pairs;
}
