import { BlockList, isIP, isIPv6 } from "node:net";

/** What addresses of this host service ports are bound to, and which addresses nobody may have us dial. */
export interface OwnAddresses {
  /** IP literals that service ports are bound to; `0.0.0.0` and `::` are every address of this host. */
  readonly bind: readonly string[];
  /** Names and addresses of this host. */
  readonly names: ReadonlySet<string>;
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

// What an app owner could reach through us and nobody else could: the host's metadata service, everyone at once.
const forbidden = new BlockList();
forbidden.addSubnet("169.254.0.0", 16, "ipv4");
forbidden.addSubnet("224.0.0.0", 4, "ipv4");
forbidden.addSubnet("240.0.0.0", 4, "ipv4");
forbidden.addSubnet("fe80::", 10, "ipv6");
forbidden.addSubnet("ff00::", 8, "ipv6");

/** Answers for addresses are few and never change: tables are built from the same ones again and again. */
const known = new Map<string, boolean>();
const mostKnown = 100_000;

/** True for an address that no replica may have: link-local, multicast, broadcast or reserved. */
export function isForbidden(host: string): boolean {
  const before = known.get(host);
  if (before !== undefined) return before;
  const isListed = listed(forbidden, canonical(host));
  if (known.size >= mostKnown) known.clear();
  known.set(host, isListed);
  return isListed;
}

/** Tells whether a connection to an address would come back to our own listeners, in whatever spelling. */
export function ownHosts({ bind, names }: OwnAddresses): (host: string) => boolean {
  const bound = new Set(bind.map((host) => canonical(host)));
  const own = new Set([...names].filter((name) => isIP(name) !== 0).map((name) => canonical(name)));
  const wild = bind.some((host) => host === "0.0.0.0" || host === "::");
  return (host) => {
    const address = canonical(host);
    if (bound.has(address)) return true;
    return wild && (own.has(address) || listed(loopback, address));
  };
}

/** One spelling per address: IPv4 in IPv6 clothes as IPv4, and the unspecified address as what it connects to. */
export function canonical(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (!isIPv6(host)) return host;
  const plain = new URL(`http://[${host}]/`).hostname.slice(1, -1);
  if (plain === "::") return "::1";
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(plain);
  if (mapped === null) return plain;
  const [high, low] = [Number.parseInt(mapped[1] ?? "", 16), Number.parseInt(mapped[2] ?? "", 16)];
  return canonical([high >> 8, high & 255, low >> 8, low & 255].join("."));
}

function listed(list: BlockList, address: string): boolean {
  return list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}
