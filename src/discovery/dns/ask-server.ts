import { decode, encode, type DecodedPacket } from "dns-packet";

import type { Address } from "../../model/address.ts";
import { headerBytes } from "../../nameserver/message.ts";
import { askByTcp, askByUdp, type Outgoing, type Patience } from "../../nameserver/ask.ts";

/** What is asked for, of one name. */
export interface Question {
  readonly name: string;
  readonly type: "SRV" | "A" | "AAAA";
}

/** How long to wait: for the datagram, and again for a connection. */
export interface Asking extends Patience {
  /** 0 to 65,535. */
  readonly id: number;
  /** Says how long a datagram may be; servers of old refuse to hear that [rfc6891]. */
  readonly hasOptions: boolean;
}

/** What a datagram may hold without being cut on its way [dns flag day 2020]. */
const datagramBytes = 1232;
const recursionDesired = 0x01_00;

/** One server's answer, by datagram, or by connection when it does not fit; rejects when none comes in time. */
export async function askServer(
  server: Address,
  question: Question,
  asking: Asking,
): Promise<DecodedPacket> {
  const outgoing = outgoingOf(question, asking);
  const first = decode(await askByUdp(server, outgoing, asking));
  if (!first.flag_tc) return first;
  return decode(await askByTcp(server, outgoing, asking));
}

const options = {
  type: "OPT",
  name: ".",
  udpPayloadSize: datagramBytes,
  ednsVersion: 0,
  extendedRcode: 0,
  flags: 0,
  flag_do: false,
  options: [],
} as const;
/** A root name, a type, a size, a code, and no options. */
const optionsBytes = 11;

function outgoingOf({ name, type }: Question, { id, hasOptions }: Asking): Outgoing {
  const message = encode({
    type: "query",
    id,
    flags: recursionDesired,
    questions: [{ name, type }],
    additionals: hasOptions ? [{ ...options, options: [] }] : [],
  });
  const end = message.length - (hasOptions ? optionsBytes : 0);
  return { message, question: message.subarray(headerBytes, end) };
}
