import { logsInConnection } from "./bound-login.ts";
import { endsHere, formatFields, token, wordsOf } from "./fields.ts";

/** The head of an answer, with what ends at us taken out. */
export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  /** What goes on to the client; `Content-Length` and `Trailer` stay where they were. */
  readonly fields: string[];
  readonly length: number | undefined;
  /** It has a `Trailer` field. */
  readonly namesTrailers: boolean;
  readonly isChunked: boolean;
  /** The replica will take another request on this connection. */
  readonly keepsAlive: boolean;
  /** How long it says it will keep the connection, in ms. */
  readonly idleMs: number | undefined;
  /** It offers to log in the whole connection. */
  readonly offersLogin: boolean;
  /** The protocol it offers or changes to; empty for none. */
  readonly upgrade: string;
}

/** Why an answer is not believed; a closed list. */
export type ResponseFlaw =
  | "status-line"
  | "characters"
  | "field"
  | "framing"
  | "chunk"
  | "too-large"
  | "interim"
  | "upgrade"
  | "surplus"
  | "truncated";

const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/;
// Lines of what may stand in a head; CR and LF stand nowhere else, and never alone.
// oxlint-disable-next-line no-control-regex -- these are the characters left out
const sound = /^[^\0-\u0008\u000A-\u001F\u007F]*(?:\r\n[^\0-\u0008\u000A-\u001F\u007F]*)*$/;
const most = 256;
const nobody: readonly string[] = [];

/** Reads a head without its empty line, in Latin-1; strict, since a second reading of it would be another answer. */
export function parseResponseHead(text: string): ResponseHead | ResponseFlaw {
  if (!sound.test(text)) return "characters";
  let end = lineEnd(text, 0);
  const match = statusLine.exec(text.slice(0, end));
  if (match === null) return "status-line";
  const reading = new HeadReading();
  for (let count = 0; end < text.length; count += 1) {
    if (count === most) return "too-large";
    const start = end + 2;
    end = lineEnd(text, start);
    if (!reading.read(text, start, end)) return "field";
  }
  return reading.head({ isModern: match[1] === "1", status: Number(match[2]), reason: match[3] });
}

/** Where the line that begins at `start` ends: at the next CR, or with the text. */
function lineEnd(text: string, start: number): number {
  const end = text.indexOf("\r", start);
  return end === -1 ? text.length : end;
}

/** The same as it goes on to a client, with these lines behind its fields. */
export function formatResponseHead({ status, reason, fields }: ResponseHead, more: string): string {
  return `HTTP/1.1 ${status} ${reason}\r\n${formatFields(fields)}${more}\r\n`;
}

interface Line {
  readonly isModern: boolean;
  readonly status: number;
  readonly reason: string | undefined;
}

class HeadReading {
  /** Without those that end here whatever `Connection` names. */
  readonly #fields: string[] = [];
  readonly #lengths: string[] = [];
  readonly #codings: string[] = [];
  #connection: readonly string[] = [];
  #keepAlive = "";
  #upgrade = "";
  #offersLogin = false;
  #namesTrailers = false;

  /** Reads one line; false for what is not `name: value`, as a name with a space before the colon or a folded line. */
  read(text: string, start: number, end: number): boolean {
    const colon = text.indexOf(":", start);
    if (colon === -1 || colon >= end) return false;
    const name = text.slice(start, colon);
    if (!token.test(name)) return false;
    const value = trimmed(text, colon + 1, end);
    const lower = name.toLowerCase();
    this.#note(lower, value);
    if (!endsHere(lower, nobody)) this.#fields.push(name, value);
    return true;
  }

  head({ isModern, status, reason = "" }: Line): ResponseHead | ResponseFlaw {
    const length = this.#lengths[0];
    if (this.#lengths.length > 1 || (length !== undefined && !/^\d{1,15}$/.test(length))) {
      return "framing";
    }
    const isChunked = this.#codings.length > 0;
    if (isChunked && !this.#isPlainlyChunked(isModern)) return "framing";
    return {
      status,
      reason,
      fields: this.#passedOn(),
      length: length === undefined ? undefined : Number(length),
      namesTrailers: this.#namesTrailers,
      isChunked,
      keepsAlive: this.#keeps(isModern),
      idleMs: this.#keepAlive === "" ? undefined : idleHint(this.#keepAlive),
      offersLogin: this.#offersLogin,
      upgrade: this.#upgrade,
    };
  }

  #keeps(isModern: boolean): boolean {
    if (this.#connection.includes("close")) return false;
    return isModern || this.#connection.includes("keep-alive");
  }

  #isPlainlyChunked(isModern: boolean): boolean {
    const [coding, ...others] = this.#codings;
    if (!isModern || others.length > 0 || this.#lengths.length > 0) return false;
    return coding?.toLowerCase() === "chunked";
  }

  #note(name: string, value: string): void {
    if (name === "content-length") this.#lengths.push(value);
    else if (name === "transfer-encoding") this.#codings.push(value);
    else if (name === "connection") this.#connection = [...this.#connection, ...wordsOf(value)];
    else if (name === "keep-alive") this.#keepAlive = value;
    else if (name === "upgrade") this.#upgrade = value;
    else if (name === "trailer") this.#namesTrailers = true;
    else if (name === "www-authenticate" || name === "proxy-authenticate") {
      this.#offersLogin ||= logsInConnection(value);
    }
  }

  #passedOn(): string[] {
    const named = this.#connection.filter((word) => !endsHere(word, nobody));
    if (named.length === 0) return this.#fields;
    return this.#fields.filter(
      (_, at, fields) => !endsHere((fields[at - (at % 2)] ?? "").toLowerCase(), named),
    );
  }
}

function idleHint(keepAlive: string): number | undefined {
  const seconds = /(?:^|,)[\t ]*timeout=(\d{1,6})/i.exec(keepAlive)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/** What stands between `from` and `to`, without the spaces and tabs around it. */
function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
