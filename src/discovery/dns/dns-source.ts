import type { Clock, Random } from "../../model/clock.ts";
import type { Logger } from "../../model/logger.ts";
import type { Source, SourceState, SourceStatus } from "../source.ts";
import { WatchLoop } from "../watch-loop.ts";
import { NameServers } from "./name-servers.ts";
import type { SrvName } from "./srv-records.ts";
import { WatchedNames } from "./watched-names.ts";

/** Options of a DnsSource; times in ms. */
export interface DnsSourceOptions {
  readonly names: readonly SrvName[];
  /** `address` or `address:port`. Default: the servers of this host. */
  readonly servers?: readonly string[];
  /** Longest time between two looks, whatever the TTL. */
  readonly refreshIntervalMs: number;
  /** For one question to one server, which is asked twice. Default 2000. */
  readonly timeoutMs?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const name = "dns";
const longestRetryMs = 10_000;

/** Services whose replicas are SRV records: Mesos-DNS, Consul DNS, headless services of Kubernetes. */
export class DnsSource implements Source {
  readonly name: string = name;
  readonly #options: DnsSourceOptions;
  readonly #loop: WatchLoop;

  constructor(options: DnsSourceOptions) {
    this.#options = options;
    const { refreshIntervalMs, clock, random, logger } = options;
    const retryCapMs = Math.min(longestRetryMs, refreshIntervalMs);
    this.#loop = new WatchLoop({ name, refreshIntervalMs, retryCapMs, clock, random, logger });
  }

  /** One run at a time; it may be run again after it has ended. */
  async *run(signal: AbortSignal): AsyncGenerator<SourceState, void, void> {
    const { names, servers, timeoutMs = 2000, random, refreshIntervalMs: mostMs } = this.#options;
    const watched = new WatchedNames({
      source: name,
      names,
      servers: new NameServers({ servers, timeoutMs, random }),
      mostMs,
      addressesMs: 2 * timeoutMs,
    });
    yield* this.#loop.run(watched, signal);
  }

  status(): SourceStatus {
    return this.#loop.status(this.#options.servers?.join(",") ?? "this host's servers");
  }

  resync(): void {
    this.#loop.resync();
  }
}
