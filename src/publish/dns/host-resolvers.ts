import { getServers } from "node:dns";
import { isIP } from "node:net";
import { parseAddress, type Address } from "../../model/address.ts";

const dnsPort = 53;

/** The name servers this host is configured with. */
export function hostResolvers(listed: readonly string[] = getServers()): readonly Address[] {
  return listed.flatMap((text) => {
    if (isIP(text) !== 0) return { host: text, port: dnsPort };
    return parseAddress(text) ?? [];
  });
}
