import { headerBytes } from "../../nameserver/message.ts";
import { type Edns, type Query, type Rejected, type ResponseCode } from "./query.ts";
import { optRecord, targetOffset, type RecordBody } from "./record-body.ts";

/** What is to be said of a question. */
export interface Answer {
  readonly code: ResponseCode;
  /** True for what only we know. */
  readonly isAuthoritative: boolean;
  /** Belong to the name that was asked for. */
  readonly records: readonly RecordBody[];
  /** Belongs to the origin of our names. */
  readonly authority?: RecordBody | undefined;
  /** Left out when there is no room. */
  readonly extras: readonly Extra[];
}

/** An additional record of the name that was asked for, or of the target of a record above. */
export interface Extra {
  readonly body: RecordBody;
  readonly of: string | undefined;
}

/** How a reply is written. */
export interface ReplyFrame {
  /** Bytes it may have. */
  readonly limit: number;
  /** Bytes of the origin's name. */
  readonly originBytes: number;
  readonly offersRecursion: boolean;
  /** The longest datagram we take, told to those who tell theirs. */
  readonly ownSize: number;
}

const flagBits = { response: 0x80_00, authoritative: 0x04_00, truncated: 0x02_00 } as const;
const recursionBits = { desired: 0x01_00, available: 0x00_80 } as const;
/** A pointer reaches no further. [rfc1035 §4.1.4] */
const furthestPointer = 0x3f_ff;

/** A reply whose names are all pointers: to the question, to the origin at its end, or to the target of a record. */
export function formatReply(query: Query, answer: Answer, frame: ReplyFrame): Buffer {
  const opt = query.edns === undefined ? undefined : optFor(query.edns, answer.code, frame.ownSize);
  const writer = new ReplyWriter(query, frame.limit - (opt?.length ?? 0));
  const asked = headerBytes;
  const isCut = !answer.records.every((record) => writer.record("answers", asked, record));
  if (answer.authority !== undefined) {
    const origin = headerBytes + query.question.length - 4 - frame.originBytes;
    writer.record("authorities", origin, answer.authority);
  }
  if (!isCut) writer.extras(answer.extras);
  const flags =
    flagBits.response |
    (answer.isAuthoritative ? flagBits.authoritative : 0) |
    (isCut ? flagBits.truncated : 0) |
    (query.wantsRecursion ? recursionBits.desired : 0) |
    (frame.offersRecursion ? recursionBits.available : 0) |
    (answer.code & 0x0f);
  return writer.finish(flags, opt);
}

/** A reply to what could not be read: nothing but a code. */
export function formatRejection({ id, flags, code }: Rejected): Buffer {
  const reply = Buffer.alloc(headerBytes);
  reply.writeUInt16BE(id, 0);
  reply.writeUInt16BE(flagBits.response | (flags & 0x79_00) | code, 2);
  return reply;
}

function optFor({ wantsSignatures }: Edns, code: ResponseCode, ownSize: number): Buffer {
  return optRecord({ size: ownSize, wantsSignatures }, code >> 4);
}

type Section = "answers" | "authorities" | "additionals";

class ReplyWriter {
  readonly #query: Query;
  readonly #limit: number;
  readonly #parts: Buffer[] = [];
  readonly #counts: Record<Section, number> = { answers: 0, authorities: 0, additionals: 0 };
  readonly #targets = new Map<string, number>();
  #length: number;

  constructor(query: Query, limit: number) {
    this.#query = query;
    this.#limit = limit;
    this.#length = headerBytes + query.question.length;
  }

  /** False when it has no room. `owner` is where its name is. */
  record(section: Section, owner: number, { bytes, target }: RecordBody): boolean {
    if (this.#length + 2 + bytes.length > this.#limit) return false;
    this.#parts.push(pointer(owner), bytes);
    if (target !== undefined && !this.#targets.has(target))
      this.#targets.set(target, this.#length + 2 + targetOffset);
    this.#length += 2 + bytes.length;
    this.#counts[section] += 1;
    return true;
  }

  extras(extras: readonly Extra[]): void {
    for (const { body, of } of extras) {
      const owner = of === undefined ? headerBytes : this.#targets.get(of);
      if (owner === undefined || owner > furthestPointer) continue;
      if (!this.record("additionals", owner, body)) return;
    }
  }

  finish(flags: number, opt: Buffer | undefined): Buffer {
    const { id, question } = this.#query;
    const { answers, authorities, additionals } = this.#counts;
    const header = Buffer.allocUnsafe(headerBytes);
    header.writeUInt16BE(id, 0);
    header.writeUInt16BE(flags, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(answers, 6);
    header.writeUInt16BE(authorities, 8);
    header.writeUInt16BE(additionals + (opt === undefined ? 0 : 1), 10);
    const parts = [header, question, ...this.#parts];
    if (opt !== undefined) parts.push(opt);
    return Buffer.concat(parts);
  }
}

function pointer(offset: number): Buffer {
  return Buffer.from([0xc0 | (offset >> 8), offset & 0xff]);
}
