import { isIPv4, isIPv6 } from "node:net";

const longestPrefix = { v4: 32, v6: 128 } as const;

/** True for an address or a network of addresses: `10.1.2.3`, `10.0.0.0/8`, `2001:db8::/32`. Host bits may be set. */
export function isNetwork(value: unknown): value is string {
  if (typeof value !== "string") return false;
  const [address = "", prefix, ...rest] = value.split("/", 3);
  if (rest.length > 0) return false;
  if (isIPv4(address)) return isPrefix(prefix, longestPrefix.v4);
  // A zone names an interface of one machine, which says nothing about where a client is.
  return isIPv6(address) && !address.includes("%") && isPrefix(prefix, longestPrefix.v6);
}

function isPrefix(text: string | undefined, longest: number): boolean {
  if (text === undefined) return true;
  return /^(?:0|[1-9]\d{0,2})$/.test(text) && Number(text) <= longest;
}
