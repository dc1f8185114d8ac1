import type { Address } from "../../model/address.ts";

/** Both ends of the connection a header speaks for: IP literals, an IPv4-mapped one as IPv4; a port may be 0 here. */
export interface Endpoints {
  readonly source: Address;
  readonly destination: Address;
}

type HeaderVersion = 1 | 2;

/** What a valid header says: whose connection this is, or (`local`) that the socket's own addresses are the truth. */
export type Header = ProxiedHeader | LocalHeader;

export interface ProxiedHeader extends Endpoints {
  readonly version: HeaderVersion;
  readonly kind: "proxied";
}

interface LocalHeader {
  readonly version: HeaderVersion;
  readonly kind: "local";
}

/** Every reason for which a header is refused; a closed list, fit for a log field or a metric label. */
export type HeaderFlaw =
  | "signature"
  | "protocol"
  | "characters"
  | "line-ending"
  | "line-too-long"
  | "fields"
  | "address"
  | "port"
  | "version"
  | "command"
  | "family"
  | "transport"
  | "datagram"
  | "too-long"
  | "too-short"
  | "tlv"
  | "checksum";

/** What is known after some bytes. `rest` is what came after the header, the first bytes of the client's own. */
export type Verdict =
  | { readonly kind: "more" }
  | { readonly kind: "header"; readonly header: Header; readonly rest: Buffer }
  | BadHeader;

export interface BadHeader {
  readonly kind: "bad";
  readonly reason: HeaderFlaw;
}
