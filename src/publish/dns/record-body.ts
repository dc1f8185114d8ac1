import { encode, type Answer } from "dns-packet";
import { headerBytes } from "../../nameserver/message.ts";

/** A record without the name it belongs to, as it is on the wire: type, class, TTL, length and data. */
export interface RecordBody {
  readonly bytes: Buffer;
  /** Of an SRV record: the name in it. */
  readonly target?: string;
}

/** Bytes from the beginning of a body to the name in an SRV record: type, class, TTL, length; priority, weight, port. */
export const targetOffset: number = 10 + 6;

/** An address record, for IPv4 and IPv6. */
export function addressRecord(host: string, ttl: number): RecordBody {
  return toBody({ name: ".", type: host.includes(":") ? "AAAA" : "A", ttl, data: host });
}

/** An SRV record of the first and only priority. */
export function serviceRecord(
  {
    target,
    port,
    weight,
  }: { readonly target: string; readonly port: number; readonly weight: number },
  ttl: number,
): RecordBody {
  const data = { target, port, weight, priority: 1 };
  return { ...toBody({ name: ".", type: "SRV", ttl, data }), target };
}

/** One TXT record with several strings, each at most 255 bytes. */
export function textRecord(strings: readonly string[], ttl: number): RecordBody {
  return toBody({ name: ".", type: "TXT", ttl, data: [...strings] });
}

/** The record that tells for how long a name may be believed not to exist. [rfc2308 §3] */
export function authorityRecord(
  { origin, serial }: { readonly origin: string; readonly serial: number },
  ttl: number,
): RecordBody {
  const names = { mname: `ns.${origin}`, rname: `hostmaster.${origin}` };
  const times = { refresh: 3600, retry: 600, expire: 86_400, minimum: ttl };
  // Serials wrap around. [rfc1982]
  const data = { ...names, serial: serial % 2 ** 32, ...times };
  return toBody({ name: ".", type: "SOA", ttl, data });
}

/** Our OPT record, which belongs to the root and so is whole. [rfc6891 §6.1] */
export function optRecord(
  { size, wantsSignatures }: { readonly size: number; readonly wantsSignatures: boolean },
  extendedCode: number,
): Buffer {
  const said = { udpPayloadSize: size, extendedRcode: extendedCode, ednsVersion: 0, options: [] };
  const flags = wantsSignatures ? 0x80_00 : 0;
  const option = { name: ".", type: "OPT", ...said, flags, flag_do: wantsSignatures } as const;
  return encode({ type: "response", additionals: [option] }).subarray(headerBytes);
}

/** The name that is left out here is the root's: one byte. */
function toBody(record: Answer): RecordBody {
  return { bytes: encode({ type: "response", answers: [record] }).subarray(headerBytes + 1) };
}
