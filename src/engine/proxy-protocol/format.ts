import type { Address } from "../../model/address.ts";
import { hostBytes, hostText, mapped } from "./addresses.ts";
import type { Endpoints } from "./header.ts";
import { signatureOfV2 } from "./v2.ts";

const byFamily = {
  ipv4: { word: "TCP4", number: 0x10 },
  ipv6: { word: "TCP6", number: 0x20 },
} as const;

const transports = { stream: 1, datagram: 2 } as const;

interface WirePair {
  readonly family: (typeof byFamily)[keyof typeof byFamily];
  readonly hosts: readonly [Buffer, Buffer];
  readonly ports: readonly [number, number];
}

/** The header of a connection in this version. */
export function formatHeader(version: 1 | 2, endpoints: Endpoints): Buffer {
  return version === 1 ? formatV1(endpoints) : formatV2(endpoints);
}

/** The version 1 line for a connection; `UNKNOWN` when an end cannot be written, as with a host that is no IP literal. */
export function formatV1(endpoints: Endpoints): Buffer {
  const pair = wirePair(endpoints);
  if (pair === undefined) return formatUnknown();
  const { family, hosts, ports } = pair;
  const fields = ["PROXY", family.word, ...hosts.map(hostText), ...ports];
  return Buffer.from(`${fields.join(" ")}\r\n`, "latin1");
}

/** The version 2 header for a connection or a session, without additions; `LOCAL` when an end cannot be written. */
export function formatV2(
  endpoints: Endpoints,
  transport: keyof typeof transports = "stream",
): Buffer {
  const pair = wirePair(endpoints);
  if (pair === undefined) return formatLocal();
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(pair.ports[0], 0);
  ports.writeUInt16BE(pair.ports[1], 2);
  const block = Buffer.concat([...pair.hosts, ports]);
  const family = pair.family.number | transports[transport];
  return Buffer.concat([fixedPart(0x21, family, block.length), block]);
}

/** The version 1 line that names no addresses. */
export function formatUnknown(): Buffer {
  return Buffer.from("PROXY UNKNOWN\r\n", "latin1");
}

/** The version 2 header that says to take the socket's own addresses: every receiver accepts it, unlike an unspecified family. */
export function formatLocal(): Buffer {
  return fixedPart(0x20, 0, 0);
}

function fixedPart(command: number, family: number, length: number): Buffer {
  return Buffer.concat([signatureOfV2, Buffer.from([command, family, length >> 8, length & 255])]);
}

// One header has one family: where the two differ, the IPv4 end is written as IPv4-mapped IPv6.
function wirePair({ source, destination }: Endpoints): WirePair | undefined {
  const from = hostBytes(source.host);
  const to = hostBytes(destination.host);
  if (from === undefined || to === undefined) return undefined;
  if (!hasWirePort(source) || !hasWirePort(destination)) return undefined;
  const ports = [source.port, destination.port] as const;
  if (from.length === to.length) {
    const family = from.length === 4 ? byFamily.ipv4 : byFamily.ipv6;
    return { family, hosts: [from, to], ports };
  }
  return { family: byFamily.ipv6, hosts: [mapped(from), mapped(to)], ports };
}

function hasWirePort({ port }: Address): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65_535;
}
