import { BlockList, isIPv6 } from "node:net";
import { formatAddress } from "../../model/address.ts";
import { canonical } from "../../routing/own-addresses.ts";
import { withoutZone } from "../access.ts";
import type { EngineReplica } from "../route.ts";

// Answers to these would reach nobody, everybody, or whoever is beside us.
const unanswerable = new BlockList();
unanswerable.addSubnet("0.0.0.0", 8, "ipv4");
unanswerable.addSubnet("224.0.0.0", 4, "ipv4");
unanswerable.addSubnet("240.0.0.0", 4, "ipv4");
unanswerable.addAddress("::", "ipv6");
unanswerable.addSubnet("ff00::", 8, "ipv6");

/** The UDP ports of one engine: what comes from one of them would be answered by ourselves, without end. */
export interface OwnListeners {
  readonly ports: ReadonlySet<number>;
  /** True for an IP literal that service ports are bound to. */
  readonly isOwnHost: (host: string) => boolean;
}

/** Tells which clients of one service are none: their address is forged, or their answers would go in circles. */
export class ClientSources {
  readonly #own: OwnListeners;
  readonly #replicas: ReadonlySet<string>;

  constructor(own: OwnListeners, replicas: readonly EngineReplica[]) {
    this.#own = own;
    this.#replicas = new Set(replicas.map(({ address }) => keyOf(address.host, address.port)));
  }

  /** True when an answer may be sent to this address. */
  mayBeAnswered(zoned: string, port: number): boolean {
    if (port === 0) return false;
    const host = withoutZone(zoned);
    if (unanswerable.check(host, isIPv6(host) ? "ipv6" : "ipv4")) return false;
    if (this.#own.ports.has(port) && this.#own.isOwnHost(host)) return false;
    // A server that answers every datagram would answer the answers to its own.
    return !this.#replicas.has(keyOf(host, port));
  }
}

function keyOf(host: string, port: number): string {
  return formatAddress({ host: canonical(host), port });
}
