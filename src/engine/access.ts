import { BlockList, isIPv6 } from "node:net";
import { plainHost } from "../model/address.ts";

/** A set of networks, each a CIDR or a single address, IPv4 and IPv6. */
export class Networks {
  readonly #list = new BlockList();
  readonly size: number;

  constructor(networks: readonly string[]) {
    this.size = networks.length;
    for (const network of networks) {
      const [address = "", prefix] = network.split("/");
      const family = isIPv6(address) ? "ipv6" : "ipv4";
      if (prefix === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(prefix), family);
    }
  }

  /** True when the address lies in one of them; an IPv4 address in IPv6 clothes counts as IPv4. */
  has(address: string): boolean {
    const plain = plainHost(withoutZone(address));
    return this.#list.check(plain, isIPv6(plain) ? "ipv6" : "ipv4");
  }
}

/** Who may connect: everyone not denied, and, where there is an allow list, on it. */
export class Access {
  readonly #allow: Networks;
  readonly #deny: Networks;

  constructor(allow: readonly string[], deny: readonly string[]) {
    this.#allow = new Networks(allow);
    this.#deny = new Networks(deny);
  }

  /** True when nobody is kept out, so that nobody's address has to be looked up. */
  get open(): boolean {
    return this.#allow.size === 0 && this.#deny.size === 0;
  }

  /** No list knows a client without an address, `""`, which one has that reset before it was looked at. */
  admits(address: string): boolean {
    if (address === "") return this.open;
    if (this.#deny.has(address)) return false;
    return this.#allow.size === 0 || this.#allow.has(address);
  }
}

/** An address without the name of the interface it is reached by, `fe80::1%eth0`, which no network has. */
export function withoutZone(address: string): string {
  const zone = address.indexOf("%");
  return zone === -1 ? address : address.slice(0, zone);
}
