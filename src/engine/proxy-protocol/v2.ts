import { hostText, unmapped } from "./addresses.ts";
import type { HeaderFlaw } from "./header.ts";
import { bad, canStartWith, type Step } from "./step.ts";
import { flawOfTlvs } from "./tlv.ts";

/** What every version 2 header begins with, and no other protocol does [proxy-protocol §2.2]. */
export const signatureOfV2: Buffer = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");

/** Bytes of the longest header, its fixed part included: our own limit, the text allows 65,551. */
const longestHeader = 4096;
/** Signature, version and command, family and transport, length of what follows. */
const fixedLength = 16;

const commands = { local: 0, proxy: 1 } as const;
const transports = { unspecified: 0, stream: 1, datagram: 2 } as const;

interface Family {
  /** Bytes of both addresses with their ports. */
  readonly blockLength: number;
  /** Bytes of one host; 0 where there is none that we could name. */
  readonly hostLength: number;
}

const unspecified: Family = { blockLength: 0, hostLength: 0 };
// By the number on the wire: unspecified, IPv4, IPv6, UNIX.
const families: readonly Family[] = [
  unspecified,
  { blockLength: 12, hostLength: 4 },
  { blockLength: 36, hostLength: 16 },
  { blockLength: 216, hostLength: 0 },
];

/** Reads a version 2 header; `bytes` holds at most as many as the last step asked for. */
export function readV2(bytes: Buffer): Step {
  const flaw = flawOfStart(bytes);
  if (flaw !== undefined) return bad(flaw);
  if (bytes.length < fixedLength) return { kind: "more", upTo: fixedLength };
  const length = fixedLength + bytes.readUInt16BE(14);
  const family = familyOf(bytes);
  if (length > longestHeader) return bad("too-long");
  if (length < fixedLength + family.blockLength) return bad("too-short");
  if (bytes.length < length) return { kind: "more", upTo: length };
  return readBlock(bytes.subarray(0, length), family);
}

function flawOfStart(bytes: Buffer): HeaderFlaw | undefined {
  if (!canStartWith(bytes, signatureOfV2)) return "signature";
  const [command, family] = bytes.subarray(signatureOfV2.length);
  if (command === undefined) return undefined;
  if (command >> 4 !== 2) return "version";
  if ((command & 15) > commands.proxy) return "command";
  if (family === undefined || (command & 15) === commands.local) return undefined;
  if (family >> 4 >= families.length) return "family";
  if ((family & 15) > transports.datagram) return "transport";
  return (family & 15) === transports.datagram ? "datagram" : undefined;
}

/**
 * How the block is laid out; unspecified where it must be skipped unread: behind LOCAL whatever the family says, and
 * where family or transport are not named [proxy-protocol §2.2].
 */
function familyOf(bytes: Buffer): Family {
  const family = bytes.readUInt8(13);
  const isLocal = (bytes.readUInt8(12) & 15) === commands.local;
  if (isLocal || (family & 15) === transports.unspecified) return unspecified;
  return families[family >> 4] ?? unspecified;
}

function readBlock(header: Buffer, family: Family): Step {
  const { blockLength, hostLength } = family;
  const flaw = family === unspecified ? undefined : flawOfTlvs(header, fixedLength + blockLength);
  if (flaw !== undefined) return bad(flaw);
  const { length } = header;
  // The ends of a UNIX socket are no addresses of ours to pass on.
  if (hostLength === 0) return { kind: "header", header: { version: 2, kind: "local" }, length };
  const ports = fixedLength + 2 * hostLength;
  const source = {
    host: hostAt(header, fixedLength, hostLength),
    port: header.readUInt16BE(ports),
  };
  const destination = {
    host: hostAt(header, fixedLength + hostLength, hostLength),
    port: header.readUInt16BE(ports + 2),
  };
  return { kind: "header", header: { version: 2, kind: "proxied", source, destination }, length };
}

function hostAt(header: Buffer, at: number, length: number): string {
  return hostText(unmapped(header.subarray(at, at + length)));
}
