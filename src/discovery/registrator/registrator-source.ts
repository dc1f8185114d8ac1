import type { Clock, Random } from "../../model/clock.ts";
import type { Logger } from "../../model/logger.ts";
import { createAgent, systemTls } from "../http-agent.ts";
import { JsonClient } from "../json-client.ts";
import type { Source, SourceState, SourceStatus } from "../source.ts";
import { WatchLoop } from "../watch-loop.ts";
import { parseEtcdUrl, type EtcdLocation } from "./etcd-url.ts";
import { KeysV2 } from "./keys-v2.ts";
import { KeysV3 } from "./keys-v3.ts";
import { Members } from "./members.ts";

/** Options of a RegistratorSource; times in ms. */
export interface RegistratorSourceOptions {
  /** `etcd://host:port[,host:port]/prefix`, or `etcd3://…` for the JSON gateway of version 3. */
  readonly url: string;
  /** Longest time between two full reads. */
  readonly refreshIntervalMs: number;
  /** A burst of changes is waited for this long. Default 20. */
  readonly quietMs?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const name = "registrator";

/** Services from the keys that registrator writes into etcd, read again after each change. */
export class RegistratorSource implements Source {
  readonly name: string = name;
  readonly #options: RegistratorSourceOptions;
  readonly #location: EtcdLocation;
  readonly #loop: WatchLoop;
  readonly #members: Members;

  /** Throws a TypeError when the URL is none of an etcd. */
  constructor(options: RegistratorSourceOptions) {
    const location = parseEtcdUrl(options.url);
    if (location === undefined) throw new TypeError("registrator source: no etcd URL");
    this.#options = options;
    this.#location = location;
    this.#members = new Members(location.origins);
    this.#loop = new WatchLoop({ ...options, name });
  }

  /** One run at a time; it may be run again after it has ended. */
  async *run(signal: AbortSignal): AsyncGenerator<SourceState, void, void> {
    const { quietMs = 20, refreshIntervalMs } = this.#options;
    await using owned = new AsyncDisposableStack();
    const agent = owned.adopt(
      createAgent({
        connectTimeoutMs: 3000,
        firstByteTimeoutMs: 10_000,
        // The loop ends every watch in time to read everything again.
        silenceMs: 2 * refreshIntervalMs,
        tls: systemTls,
      }),
      (open) => open.destroy(),
    );
    const { version, prefix } = this.#location;
    const Keys = version === 2 ? KeysV2 : KeysV3;
    const keys = new Keys({
      source: name,
      prefix,
      members: this.#members,
      client: new JsonClient(agent),
      loop: this.#loop,
      quietMs,
    });
    yield* this.#loop.run(keys, signal);
  }

  status(): SourceStatus {
    const { version, prefix } = this.#location;
    const scheme = version === 2 ? "etcd" : "etcd3";
    return this.#loop.status(this.#members.preferred.replace(/^http/, scheme) + prefix);
  }

  resync(): void {
    this.#loop.resync();
  }
}
