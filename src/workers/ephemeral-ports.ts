import { readFileSync } from "node:fs";

/** The most ports that are named. */
const mostNamed = 5;

/** The texts of two settings of the kernel, as it has them. */
export interface PortSettings {
  /** `32768	60999`. */
  readonly range: string;
  /** `40000-40010,50000`, or empty. */
  readonly reserved: string;
}

interface Span {
  readonly first: number;
  readonly last: number;
}

/**
 * Ports that the kernel lends to outgoing connections unless they are reserved: one that is lent just then cannot be bound
 * [linux ip-sysctl: ip_local_port_range, ip_local_reserved_ports].
 */
export class EphemeralPorts {
  readonly #range: Span | undefined;
  readonly #reserved: readonly Span[];

  constructor({ range, reserved }: PortSettings) {
    this.#range = spanOf(range);
    this.#reserved = reserved
      .split(",")
      .map(spanOf)
      .filter((span) => span !== undefined);
  }

  /** As they are now on this host; none where the kernel does not say. */
  static read(): EphemeralPorts {
    return new EphemeralPorts({
      range: setting("ip_local_port_range"),
      reserved: setting("ip_local_reserved_ports"),
    });
  }

  has(port: number): boolean {
    const isIn = ({ first, last }: Span): boolean => port >= first && port <= last;
    return this.#range !== undefined && isIn(this.#range) && !this.#reserved.some(isIn);
  }

  /** What to warn of, and the way out; undefined when none of these ports is lent. */
  warning(
    ports: Iterable<number>,
  ): { readonly ports: string; readonly advice: string } | undefined {
    const lent = [...new Set(ports)].filter((port) => this.has(port)).toSorted((a, b) => a - b);
    if (lent.length === 0) return undefined;
    const more = lent.length > mostNamed ? ` and ${lent.length - mostNamed} more` : "";
    return {
      ports: lent.slice(0, mostNamed).join(", ") + more,
      advice: "name them in the sysctl net.ipv4.ip_local_reserved_ports",
    };
  }
}

function setting(name: string): string {
  try {
    return readFileSync(`/proc/sys/net/ipv4/${name}`, "utf8").trim();
  } catch {
    // Not Linux, or a container that may not know.
    return "";
  }
}

/** `7`, `7-9` or `7	9`. */
function spanOf(text: string): Span | undefined {
  const found = /^\s*(\d+)(?:[-\s]+(\d+))?\s*$/.exec(text);
  if (found === null) return undefined;
  const [, first, last = first] = found;
  return { first: Number(first), last: Number(last) };
}
