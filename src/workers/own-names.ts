import type { networkInterfaces } from "node:os";
import { repeat } from "../async/repeat.ts";
import { ownHosts } from "../routing/own-addresses.ts";
import { runsAt } from "../routing/places.ts";
import type { RoutedReplica } from "../routing/table.ts";
import { hostNames } from "./this-host.ts";

/** An address of an interface may come after us, as when the network is still starting. */
const lookEveryMs = 10_000;

export interface OwnNamesOptions {
  /** IP literals that our listeners are bound to. */
  readonly bind: readonly string[];
  /** Names that an operator adds. */
  readonly hostNames: readonly string[];
}

/** What this host is called and where it is, as it is now. */
export class OwnNames {
  readonly #options: OwnNamesOptions;
  readonly #interfaces: typeof networkInterfaces | undefined;
  #names: ReadonlySet<string>;
  #isOwnHost: (host: string) => boolean;

  /** `interfaces` says what there is; default: the system's. */
  constructor(options: OwnNamesOptions, interfaces?: typeof networkInterfaces) {
    this.#options = options;
    this.#interfaces = interfaces;
    this.#names = this.#look() ?? hostNames(options.hostNames, () => ({}));
    this.#isOwnHost = ownHosts({ bind: options.bind, names: this.#names });
  }

  /** As `placeName` has them; the same set until one comes or goes. */
  get names(): ReadonlySet<string> {
    return this.#names;
  }

  /** True for an address at which our own listeners may answer. */
  get isOwnHost(): (host: string) => boolean {
    return this.#isOwnHost;
  }

  isLocal(replica: RoutedReplica): boolean {
    return runsAt(this.#names, replica);
  }

  /** Looks again every so often and tells when something is new; settles when the signal aborts. */
  follow(changed: () => void, signal: AbortSignal, everyMs: number = lookEveryMs): Promise<void> {
    return repeat(everyMs, signal, () => {
      const names = this.#look();
      if (names === undefined || names.symmetricDifference(this.#names).size === 0) return;
      this.#names = names;
      this.#isOwnHost = ownHosts({ bind: this.#options.bind, names });
      changed();
    });
  }

  /** Undefined where the system did not answer. */
  #look(): ReadonlySet<string> | undefined {
    try {
      return hostNames(this.#options.hostNames, this.#interfaces);
    } catch {
      // Without a free descriptor there is no telling; what was known a moment ago is the best there is.
      return undefined;
    }
  }
}
