import type { Clock, Random } from "../../model/clock.ts";
import type { Logger } from "../../model/logger.ts";
import { JsonClient } from "../json-client.ts";
import { RenewedAgent, type Pem } from "../renewed-agent.ts";
import type { Source, SourceState, SourceStatus } from "../source.ts";
import { WatchLoop } from "../watch-loop.ts";
import { ConsulApi } from "./consul-api.ts";
import { WatchedCatalog } from "./watched-catalog.ts";

/** Options of a ConsulSource; times in ms. */
export interface ConsulSourceOptions {
  /** `http://host:8500`, also https, with the path that the API is mounted below. */
  readonly url: URL;
  /** File with the token; read at each request. Default: none. */
  readonly tokenFile?: string | undefined;
  /** Default: the agent's own. */
  readonly datacenter?: string | undefined;
  /** Only instances with all of these tags are looked at. Default: all instances. */
  readonly tags?: readonly string[];
  /** Only services of these groups are offered: see `isOffered`. Default: all. */
  readonly groups?: readonly string[] | undefined;
  /** What a check that warns says of its replica. Default `up`. */
  readonly warning?: "up" | "down";
  /** Let any server answer, not only the leader. Default false. */
  readonly stale?: boolean;
  /** For https: the authorities to trust. Default: the system's. */
  readonly ca?: Pem | undefined;
  /** Shown to a Consul that asks for one, with its key. Default: none. */
  readonly certificate?: Pem | undefined;
  readonly key?: Pem | undefined;
  /** Longest time between two full reads. */
  readonly refreshIntervalMs: number;
  /** A burst of changes is waited for this long. Default 20. */
  readonly quietMs?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const name = "consul";

/** Services whose instances declare a service port by meta `portolan-port` or tag `portolan.port=…`. */
export class ConsulSource implements Source {
  readonly name: string = name;
  readonly #options: ConsulSourceOptions;
  readonly #mount: string;
  readonly #loop: WatchLoop;

  /** Throws a TypeError when the URL is not http or https, or has credentials in it. */
  constructor(options: ConsulSourceOptions) {
    const { protocol, username, password, pathname } = options.url;
    if (protocol !== "http:" && protocol !== "https:")
      throw new TypeError("consul source: the URL is neither http nor https");
    if (username !== "" || password !== "")
      throw new TypeError("consul source: credentials belong into the token file");
    this.#options = options;
    this.#mount = pathname.replace(/\/+$/, "");
    this.#loop = new WatchLoop({ ...options, name });
  }

  /** One run at a time; it may be run again after it has ended. */
  async *run(signal: AbortSignal): AsyncGenerator<SourceState, void, void> {
    const { url, datacenter, tokenFile, stale = false, ca, certificate, key } = this.#options;
    await using owned = new AsyncDisposableStack();
    // A blocking query is silent for about a minute before its head.
    const limits = { connectTimeoutMs: 3000, firstByteTimeoutMs: 75_000, silenceMs: 30_000 };
    const client = new JsonClient(owned.use(new RenewedAgent(limits, { ca, certificate, key })));
    const where = { origin: url.origin, mount: this.#mount, datacenter, tokenFile, stale };
    const { tags = [], groups, warning = "up", quietMs = 20 } = this.#options;
    const catalog = new WatchedCatalog({
      source: name,
      api: new ConsulApi({ client, ...where }),
      loop: this.#loop,
      tags,
      groups,
      warning,
      quietMs,
      confirms: stale,
    });
    yield* this.#loop.run(catalog, signal);
  }

  status(): SourceStatus {
    return this.#loop.status(this.#options.url.origin + this.#mount);
  }

  resync(): void {
    this.#loop.resync();
  }
}
