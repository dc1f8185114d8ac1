import { isIPv6 } from "node:net";

/** Where a socket connects to: an IP literal or host name (IPv6 without brackets) and a port in 1–65535. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const longestHost = 253;
const hostGrammar = /^[\w.-]+$/;

/** True for a whole number a socket can be bound to or dialled at: 1–65535. */
export function isPort(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65_535;
}

/** True for an IPv4 or IPv6 literal or a name of letters, digits, `.`, `_` and `-`, at most 253 characters. */
export function isHost(value: unknown): value is string {
  if (typeof value !== "string" || value.length > longestHost) return false;
  return hostGrammar.test(value) || isIPv6(value);
}

/** `host:port`, with brackets around an IPv6 host; the inverse of `parseAddress`. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Reads `host:port` or `[v6]:port`; undefined when either part is not valid. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (!isHost(host) || !isPort(port)) return undefined;
  if (match?.[1] !== undefined && !isIPv6(host)) return undefined;
  return { host, port };
}

const mappedPrefix = "::ffff:";

/** An IPv4 address that a dual-stack socket shows in IPv6 clothes [rfc4291 §2.5.5.2], as itself; others as they are. */
export function plainHost(host: string): string {
  return host.startsWith(mappedPrefix) ? host.slice(mappedPrefix.length) : host;
}
