import { isIP } from "node:net";

import type { Address } from "../model/address.ts";
import { canonical } from "./own-addresses.ts";

/** What says where a replica runs. */
interface Placed {
  readonly host: string;
  readonly agent?: string | undefined;
  readonly address: Address;
}

/** One spelling for each name of a machine: addresses as `canonical` has them, others in lower case [rfc4343]. */
export function placeName(name: string): string {
  return isIP(name) === 0 ? name.toLowerCase().replace(/\.$/, "") : canonical(name);
}

/** True for a replica on the machine of these names, all of them as `placeName` has them. */
export function runsAt(names: ReadonlySet<string>, { host, agent, address }: Placed): boolean {
  const own = [host, address.host, ...(agent === undefined ? [] : [agent])];
  return own.some((name) => names.has(placeName(name)));
}
