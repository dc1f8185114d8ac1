import { isIPv6 } from "node:net";
import { isPort } from "../../model/address.ts";

/** What a `Host` field or the authority of a request target names. */
export interface HostName {
  /** Lower case, without port, without the dot at its end; an IPv6 literal in brackets. */
  readonly name: string;
  /** Undefined when none is written. */
  readonly port: number | undefined;
}

const longestName = 253;
const authority = /^(\[[0-9a-f:.]+\](?=:|$)|[0-9a-z_-]+(?:\.[0-9a-z_-]+)*)\.?(?::(\d{0,5}))?$/;

/**
 * Reads `name`, `name.`, `name:port`, `[v6]:port` in any case; undefined for anything else, as user names, lists, paths,
 * percent signs, letters outside ASCII: what two parsers may read as two hosts is nobody's [rfc3986 §3.2.2].
 */
export function parseHostName(text: string): HostName | undefined {
  const [, name = "", digits = ""] = authority.exec(text.toLowerCase()) ?? [];
  if (!isName(name)) return undefined;
  const port = digits === "" ? undefined : Number(digits);
  return port === undefined || isPort(port) ? { name, port } : undefined;
}

function isName(name: string): boolean {
  if (name === "" || name.length > longestName) return false;
  return !name.startsWith("[") || isIPv6(name.slice(1, -1));
}
