import type { BoundSockets } from "./bindings.ts";

/** Sockets that workers hold bound, by address. */
type Bound = ReadonlyMap<string, BoundSockets>;

/** Finds listeners that were taken away behind our back, by looks at what the kernel says listens. */
export class ListenerWatch {
  /** Hosts of addresses that were found: where none ever was, the kernel may not tell, or write otherwise than we do. */
  readonly #hosts = new Set<string>();
  #missed: ReadonlySet<string> = new Set();
  #gone: ReadonlySet<string> = new Set();

  /** True when the last look missed something: another one soon will tell whether it is gone. */
  get isInDoubt(): boolean {
    return this.#missed.size > 0;
  }

  /** Addresses that were found gone, and not there again since. */
  get gone(): ReadonlySet<string> {
    return this.#gone;
  }

  /**
   * Addresses at which this look and the one before found fewer sockets than workers hold bound; `listening` has how many
   * there are. One look is not enough: what workers tell comes a moment after it is so.
   */
  look(bound: Bound, listening: ReadonlyMap<string, number>): ReadonlySet<string> {
    const absent: string[] = [];
    for (const [address, { count }] of bound) {
      if ((listening.get(address) ?? 0) < count) absent.push(address);
      else this.#hosts.add(hostOf(address));
    }
    const missing = new Set(absent.filter((address) => this.#hosts.has(hostOf(address))));
    const gone = missing.intersection(this.#missed);
    this.#missed = missing.difference(gone);
    this.#gone = missing.intersection(this.#gone.union(gone));
    return gone;
  }
}

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(":"));
}
