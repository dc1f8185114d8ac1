import type { Clock, Random } from "../../model/clock.ts";
import type { Logger } from "../../model/logger.ts";
import { JsonClient } from "../json-client.ts";
import type { Source, SourceState, SourceStatus } from "../source.ts";
import { WatchLoop } from "../watch-loop.ts";
import { dockerAgent, parseDockerUrl, type DockerEndpoint } from "./endpoint.ts";
import { WatchedContainers } from "./watched-containers.ts";

/** Options of a DockerSource; times in ms. */
export interface DockerSourceOptions {
  /** `unix:///var/run/docker.sock` or `tcp://host:port`. */
  readonly url: string;
  /** The name of the machine the containers run on, as replicas carry it. */
  readonly host: string;
  /** Only services of these groups are offered: see `isOffered`. Default: all. */
  readonly groups?: readonly string[] | undefined;
  /** Longest time between two full reads. */
  readonly refreshIntervalMs: number;
  /** A burst of events is waited for this long. Default 50. */
  readonly quietMs?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const name = "docker";

/** Services of the containers on one host that carry a label `portolan.port`. */
export class DockerSource implements Source {
  readonly name: string = name;
  readonly #options: DockerSourceOptions;
  readonly #endpoint: DockerEndpoint;
  readonly #loop: WatchLoop;

  /** Throws a TypeError when the URL is neither of a Unix socket nor of a TCP port. */
  constructor(options: DockerSourceOptions) {
    const endpoint = parseDockerUrl(options.url);
    if (endpoint === undefined) throw new TypeError("docker source: no unix:// or tcp:// URL");
    this.#options = options;
    this.#endpoint = endpoint;
    this.#loop = new WatchLoop({ ...options, name });
  }

  /** One run at a time; it may be run again after it has ended. */
  async *run(signal: AbortSignal): AsyncGenerator<SourceState, void, void> {
    const { host, groups, quietMs = 50 } = this.#options;
    const { origin, hostAddress } = this.#endpoint;
    await using owned = new AsyncDisposableStack();
    const agent = owned.adopt(dockerAgent(this.#endpoint), (open) => open.destroy());
    const client = new JsonClient(agent);
    const reading = { source: name, client, origin, loop: this.#loop, quietMs, groups };
    const containers = owned.use(new WatchedContainers({ ...reading, hostAddress, host }, signal));
    yield* this.#loop.run(containers, signal);
  }

  status(): SourceStatus {
    return this.#loop.status(this.#options.url);
  }

  resync(): void {
    this.#loop.resync();
  }
}
