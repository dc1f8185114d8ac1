import { decode, type Answer, type OptAnswer, type Question } from "dns-packet";
import { headerBytes } from "../../nameserver/message.ts";

/** Answers other than "here it is" and what they are on the wire. */
export const responseCodes = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
  badVersion: 16,
} as const;

export type ResponseCode = (typeof responseCodes)[keyof typeof responseCodes];

/** What a client's OPT record says. [rfc6891] */
export interface Edns {
  readonly version: number;
  /** Bytes of the longest datagram it takes. */
  readonly size: number;
  /** Asks for signatures, which we have none of, and must hear so. [rfc3225 §3] */
  readonly wantsSignatures: boolean;
}

/** A question that can be answered. */
export interface Query {
  readonly kind: "query";
  readonly id: number;
  readonly wantsRecursion: boolean;
  /** Name, type and class as the client wrote them, to be sent back in its own letters. */
  readonly question: Buffer;
  /** In lower case, without a dot at its end; empty for the root. */
  readonly name: string;
  /** False for names with bytes that no name of ours has: dots inside a label, anything but ASCII. */
  readonly isPlain: boolean;
  /** `A`, `SRV`, or `UNKNOWN_65`. */
  readonly type: string;
  readonly isInternet: boolean;
  readonly edns: Edns | undefined;
}

/** A message that deserves no more than a code. */
export interface Rejected {
  readonly kind: "rejected";
  readonly id: number;
  /** As they came: operation and recursion are repeated in the answer. */
  readonly flags: number;
  readonly code: ResponseCode;
}

const responseFlag = 0x80_00;
const recursionFlag = 0x01_00;
const operationMask = 0x78_00;
/** An OPT and a signature; more has no place in a question, and decoding it would cost. */
const mostAdditionals = 2;

/** Reads a client's message. Undefined for what must not be answered: other servers' answers, and less than a header. */
export function readQuery(message: Buffer): Query | Rejected | undefined {
  if (message.length < headerBytes) return undefined;
  const id = message.readUInt16BE(0);
  const flags = message.readUInt16BE(2);
  if ((flags & responseFlag) !== 0) return undefined;
  const rejected = { kind: "rejected", id, flags } as const;
  if ((flags & operationMask) !== 0) return { ...rejected, code: responseCodes.notImplemented };
  const asked = readQuestion(message);
  if (asked === undefined) return { ...rejected, code: responseCodes.formatError };
  return { kind: "query", id, wantsRecursion: (flags & recursionFlag) !== 0, ...asked };
}

/** Undefined for what is no message, or one with more or less than a question in it. */
function readQuestion(message: Buffer): Omit<Query, "kind" | "id" | "wantsRecursion"> | undefined {
  if (!hasOneQuestion(message)) return undefined;
  const { isPlain, end } = readName(message);
  if (end === undefined) return undefined;
  const { asked, options } = decoded(message);
  if (asked === undefined || options.length > 1) return undefined;
  return {
    question: message.subarray(headerBytes, end + 4),
    name: asked.name === "." ? "" : asked.name.toLowerCase(),
    isPlain,
    type: asked.type,
    isInternet: asked.class === "IN" || asked.class === "ANY",
    edns: options.map(toEdns)[0],
  };
}

function hasOneQuestion(message: Buffer): boolean {
  const [questions, answers, authorities, additionals] = [4, 6, 8, 10].map((offset) =>
    message.readUInt16BE(offset),
  );
  return (
    questions === 1 && answers === 0 && authorities === 0 && (additionals ?? 0) <= mostAdditionals
  );
}

/** Where the name of the question ends; undefined when it points elsewhere, which nothing before it could make sense of. */
function readName(message: Buffer): { isPlain: boolean; end: number | undefined } {
  let isPlain = true;
  let offset = headerBytes;
  for (;;) {
    const length = message[offset];
    if (length === undefined || length > 63) return { isPlain, end: undefined };
    if (length === 0) return { isPlain, end: offset + 1 };
    for (const byte of message.subarray(offset + 1, offset + 1 + length))
      if (byte === 0x2e || byte >= 0x80) isPlain = false;
    offset += 1 + length;
  }
}

/** Without a question where there is none to be found. */
function decoded(message: Buffer): {
  readonly asked: Question | undefined;
  readonly options: readonly OptAnswer[];
} {
  try {
    const { questions = [], additionals = [] } = decode(message);
    return { asked: questions[0], options: additionals.filter(isOpt) };
  } catch {
    // The library throws on what is no message; the client is told that it sent none.
    return { asked: undefined, options: [] };
  }
}

function toEdns({ ednsVersion: version, udpPayloadSize: size, flag_do: dnssec }: OptAnswer): Edns {
  return { version, size, wantsSignatures: dnssec };
}

function isOpt(record: Answer): record is OptAnswer {
  return record.type === "OPT";
}
