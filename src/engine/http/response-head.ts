import { logsInConnection } from "./bound-login.ts";
import { endsHere, formatFields, token, wordsOf } from "./fields.ts";

/** The head of an answer, with what ends at us taken out. */
export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  /** What goes on to the client; `Content-Length` and `Trailer` stay where they were. */
  readonly fields: string[];
  readonly length: number | undefined;
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
// Everything that may not stand in a head, lone CR and LF included.
// oxlint-disable-next-line no-control-regex -- these are the characters looked for
const stray = /[\0-\u0008\u000B\u000C\u000E-\u001F\u007F]|\r(?!\n)|(?<!\r)\n/;
const most = 256;

/** Reads a head without its empty line, in Latin-1; strict, since a second reading of it would be another answer. */
export function parseResponseHead(text: string): ResponseHead | ResponseFlaw {
  if (stray.test(text)) return "characters";
  const [first = "", ...lines] = text.split("\r\n");
  const match = statusLine.exec(first);
  if (match === null) return "status-line";
  if (lines.length > most) return "too-large";
  const reading = new HeadReading();
  for (const line of lines) if (!reading.read(line)) return "field";
  return reading.head({ isModern: match[1] === "1", status: Number(match[2]), reason: match[3] });
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
  readonly #fields: string[] = [];
  readonly #names: string[] = [];
  readonly #lengths: string[] = [];
  readonly #codings: string[] = [];
  #connection: string[] = [];
  #keepAlive = "";
  #upgrade = "";
  #offersLogin = false;

  /** False for what is not `name: value`; a name with a space before the colon, or a folded line, is not. */
  read(line: string): boolean {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0));
    if (!token.test(name)) return false;
    const value = trim(line, colon + 1);
    const lower = name.toLowerCase();
    this.#note(lower, value);
    this.#names.push(lower);
    this.#fields.push(name, value);
    return true;
  }

  head({ isModern, status, reason = "" }: Line): ResponseHead | ResponseFlaw {
    const [length] = this.#lengths;
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
      isChunked,
      keepsAlive: this.#keeps(isModern),
      idleMs: this.#idleHint(),
      offersLogin: this.#offersLogin,
      upgrade: this.#upgrade,
    };
  }

  #keeps(isModern: boolean): boolean {
    if (this.#connection.includes("close")) return false;
    return isModern || this.#connection.includes("keep-alive");
  }

  #idleHint(): number | undefined {
    const seconds = /(?:^|,)[\t ]*timeout=(\d{1,6})/i.exec(this.#keepAlive)?.[1];
    return seconds === undefined ? undefined : Number(seconds) * 1000;
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
    else if (name === "www-authenticate" || name === "proxy-authenticate") {
      this.#offersLogin ||= logsInConnection(value);
    }
  }

  #passedOn(): string[] {
    const passed: string[] = [];
    this.#names.forEach((name, index) => {
      if (endsHere(name, this.#connection)) return;
      passed.push(this.#fields[index * 2] ?? "", this.#fields[index * 2 + 1] ?? "");
    });
    return passed;
  }
}

/** What stands from `from` on, without the spaces and tabs around it. */
function trim(line: string, from: number): string {
  let start = from;
  let end = line.length;
  while (start < end && isBlank(line.charCodeAt(start))) start += 1;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end -= 1;
  return line.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
