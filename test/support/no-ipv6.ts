import { networkInterfaces } from "node:os";

/** Why tests of IPv6 are skipped here, or false: containers are often without it. */
export function noIPv6(): string | false {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.some(({ address }) => address === "::1") ? false : "no ::1 here";
}
