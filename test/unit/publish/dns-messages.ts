import { decode, encode, type Answer, type DecodedPacket, type RecordType } from "dns-packet";
import type { Route } from "../../../src/routing/table.ts";
import {
  Responder,
  type ResponderOptions,
  type Transport,
} from "../../../src/publish/dns/responder.ts";
import { table } from "./tables.ts";

/** Writes a question; `edns` is the size the client takes. */
export function question(
  name: string,
  type: RecordType,
  over: { readonly edns?: number; readonly version?: number; readonly recursion?: boolean } = {},
): Buffer {
  const { edns, version = 0, recursion = true } = over;
  const option: Answer = {
    type: "OPT",
    name: ".",
    udpPayloadSize: edns ?? 0,
    ednsVersion: version,
    extendedRcode: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
  return encode({
    type: "query",
    id: 4711,
    flags: recursion ? 0x01_00 : 0,
    questions: [{ name, type }],
    additionals: edns === undefined ? [] : [option],
  });
}

export interface Told extends DecodedPacket {
  /** `NOERROR`, `NXDOMAIN`… */
  readonly rcode?: string;
  /** `name type data` of each answer. */
  readonly lines: readonly string[];
  readonly bytes: Buffer;
}

/** Reads a reply, with its answers as lines. */
export function told(bytes: Buffer): Told {
  const packet = decode(bytes);
  return { ...packet, lines: (packet.answers ?? []).map(lineOf), bytes };
}

function lineOf(record: Answer): string {
  return `${record.name} ${record.type} ${"data" in record ? dataOf(record.data) : ""}`;
}

function dataOf(data: unknown): string {
  if (Array.isArray(data)) return data.map(String).join(" ");
  return typeof data === "object" && data !== null ? Object.values(data).join(" ") : String(data);
}

/** A responder with these routes in its first table. */
export function responder(
  routes: readonly Route[],
  over: Partial<ResponderOptions> = {},
): Responder {
  const made = new Responder({ origin: "mmsd", ttl: 5, pushSrv: false, forwards: false, ...over });
  made.publish(table(routes));
  return made;
}

/** The reply to a question, which must be answered. */
export function reply(to: Responder, message: Buffer, transport: Transport = "udp"): Told {
  const response = to.respond(message, transport);
  if (response.kind !== "reply") throw new Error(`no reply but ${response.kind}`);
  return told(response.bytes);
}
