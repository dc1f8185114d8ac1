/** What a gateway port reads host names from: requests, or the hello of a TLS connection. */
export type GatewayKind = "http" | "tls";

/** The name of a gateway port in reports, counters and problems: `gateway/http/80`. */
export function gatewayKey(kind: GatewayKind, port: number): string {
  return `gateway/${kind}/${port}`;
}

/** Why the beginning of a TLS connection is refused; the order fixes cells in shared memory. */
export const helloFlaws = [
  /** It speaks another protocol. */
  "not-tls",
  /** It speaks HTTP without TLS. */
  "plain-text",
  "malformed",
  /** More than 16 KiB, or more than 64 records. */
  "too-large",
  /** The name has bytes that no name has, or is an address. */
  "bad-name",
  /** The hello, or the handshake where it ends here, was not whole in time. */
  "timeout",
  /** The client ended before its hello was whole. */
  "truncated",
  /** Too many clients began without going on, and this was the first of them. */
  "crowded-out",
  /** A handshake that ends here came to nothing. */
  "handshake",
] as const;

export type HelloFlaw = (typeof helloFlaws)[number];

/** What a gateway port counts beside its connections; the order fixes cells in shared memory. */
const gatewayEvents: readonly GatewayEvent[] = [
  "unknown-host",
  "passed-through",
  "terminated",
  ...helloFlaws,
];

export type GatewayEvent = HelloFlaw | "unknown-host" | "passed-through" | "terminated";

/** Cells of one gateway port. */
export const gatewayRow: number = gatewayEvents.length;

/** The cell of an event in its port's row. */
export function gatewayColumn(event: GatewayEvent): number {
  return gatewayEvents.indexOf(event);
}

/** Ports a gateway can have: two for HTTP, one for TLS. */
export const mostGatewayPorts = 3;

/** A certificate with its key, as texts, and the names that it is for. */
export interface Certificate {
  /** Its file, for messages. */
  readonly file: string;
  /** PEM: the certificate first, then those that lead to its root. */
  readonly chain: string;
  readonly key: string;
  /** DNS names in lower case, exact or `*.suffix`. */
  readonly names: readonly string[];
  /** In ms since the epoch. */
  readonly validFrom: number;
  readonly validTo: number;
}
