import type { networkInterfaces } from "node:os";

import { sleep } from "../async/sleep.ts";
import type { Config } from "../config/settings.ts";
import type { RouteChange } from "../routing/diff.ts";
import { ownHosts } from "../routing/own-addresses.ts";
import { runsAt } from "../routing/places.ts";
import type { RoutedReplica, Table } from "../routing/table.ts";
import { hostNames } from "../workers/this-host.ts";

/** An address of an interface may come after us, as when the network is still starting. */
const lookEveryMs = 10_000;

/** What this host is called and where it is, as it is now. */
export class OwnNames {
  readonly #config: Pick<Config, "bind" | "hostNames">;
  readonly #interfaces: typeof networkInterfaces | undefined;
  #names: ReadonlySet<string>;
  #isOwnHost: (host: string) => boolean;

  /** `interfaces` says what there is; default: the system's. */
  constructor(config: Pick<Config, "bind" | "hostNames">, interfaces?: typeof networkInterfaces) {
    this.#config = config;
    this.#interfaces = interfaces;
    this.#names = this.#look();
    this.#isOwnHost = ownHosts({ bind: config.bind, names: this.#names });
  }

  /** As `placeName` has them. */
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

  /** Looks again every so often and tells when something is new; ends when the signal aborts. */
  async follow(
    changed: () => void,
    signal: AbortSignal,
    everyMs: number = lookEveryMs,
  ): Promise<void> {
    for (;;) {
      await sleep(everyMs, signal);
      const names = this.#look();
      if (names.symmetricDifference(this.#names).size === 0) continue;
      this.#names = names;
      this.#isOwnHost = ownHosts({ bind: this.#config.bind, names });
      changed();
    }
  }

  #look(): ReadonlySet<string> {
    return hostNames(this.#config.hostNames, this.#interfaces);
  }
}

/** What has workers judge anew which replicas of a table are on this host. */
export function everyRoute({ routes }: Table): RouteChange[] {
  return routes.map((route) => ({ kind: "changed", key: route.key, before: route, after: route }));
}
