import { isIPv4, isIPv6 } from "node:net";
import type { Address } from "../../model/address.ts";
import { hostBytes, hostText } from "./addresses.ts";
import type { BadHeader, HeaderFlaw, ProxiedHeader } from "./header.ts";
import { bad, canStartWith, type Step } from "./step.ts";

/** Bytes of the longest line, its CRLF included [proxy-protocol §2.1]. */
const longestLine = 107;
const lf = 0x0a;
const signature = Buffer.from("PROXY ", "latin1");
const portGrammar = /^(?:0|[1-9]\d{0,4})$/;

type ReadHost = (text: string) => string | undefined;

interface Opening {
  readonly bytes: Buffer;
  /** Where what follows the protocol's name begins. */
  readonly body: number;
  /** What ends the hope for a valid line before its CR is there. */
  readonly foreign: RegExp;
  /** Reads an address of the announced family; undefined where the rest of the line is ignored. */
  readonly readHost: ReadHost | undefined;
}

// A lone LF is no line end, and no part of an ignored rest either: receivers would differ on where the line ends.
const openings: readonly Opening[] = [
  { bytes: latin1("PROXY TCP4 "), body: 11, foreign: /[^\d. ]/, readHost: readIPv4 },
  { bytes: latin1("PROXY TCP6 "), body: 11, foreign: /[^\da-f:. ]/i, readHost: readIPv6 },
  { bytes: latin1("PROXY UNKNOWN "), body: 13, foreign: /\n/, readHost: undefined },
  { bytes: latin1("PROXY UNKNOWN\r"), body: 13, foreign: /\n/, readHost: undefined },
];

/** Reads a version 1 line; `bytes` holds at most as many as the last step asked for. */
export function readV1(bytes: Buffer): Step {
  const opening = openings.find((one) => canStartWith(bytes, one.bytes));
  if (opening === undefined) return bad(canStartWith(bytes, signature) ? "protocol" : "signature");
  const { body, foreign } = opening;
  const [text = "", ...ended] = bytes
    .toString("latin1", Math.min(body, bytes.length))
    .split("\r", 2);
  const stranger = text.search(foreign);
  if (stranger >= 0) return bad(text[stranger] === "\n" ? "line-ending" : "characters");
  const length = body + text.length + 2;
  if (ended.length === 0 || bytes.length < length) return wanting(bytes);
  if (bytes[length - 1] !== lf) return bad("line-ending");
  return readLine(text, length, opening.readHost);
}

function wanting(bytes: Buffer): Step {
  if (bytes.length >= longestLine) return bad("line-too-long");
  return { kind: "more", upTo: longestLine };
}

function readLine(text: string, length: number, readHost: ReadHost | undefined): Step {
  if (readHost === undefined) {
    return { kind: "header", header: { version: 1, kind: "local" }, length };
  }
  const header = readFields(text, readHost);
  return header.kind === "bad" ? header : { kind: "header", header, length };
}

function readFields(text: string, readHost: ReadHost): ProxiedHeader | BadHeader {
  const fields = text.split(" ");
  const [from = "", to = "", fromPort = "", toPort = ""] = fields;
  if (fields.length !== 4 || fields.includes("")) return bad("fields");
  const source = readEnd(readHost(from), fromPort);
  if (typeof source === "string") return bad(source);
  const destination = readEnd(readHost(to), toPort);
  if (typeof destination === "string") return bad(destination);
  return { version: 1, kind: "proxied", source, destination };
}

function readEnd(host: string | undefined, portText: string): Address | HeaderFlaw {
  if (host === undefined) return "address";
  const port = portGrammar.test(portText) ? Number(portText) : Infinity;
  return port <= 65_535 ? { host, port } : "port";
}

function readIPv4(text: string): string | undefined {
  return isIPv4(text) ? text : undefined;
}

// The dotted tail of `::ffff:1.2.3.4` is accepted, though the text knows only hexadecimal: inet_ntop writes it.
function readIPv6(text: string): string | undefined {
  const bytes = isIPv6(text) ? hostBytes(text) : undefined;
  return bytes && hostText(bytes);
}

function latin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
