import { CANCELLED, NODATA, NOTFOUND, promises, type SrvRecord } from "node:dns";

import { mapLimited } from "../../async/map-limited.ts";
import { sleep } from "../../async/sleep.ts";
import type { Clock, Random } from "../../model/clock.ts";
import type { Logger } from "../../model/logger.ts";
import { printable } from "../../model/problem.ts";
import { gatherServices, type Claim } from "../claims.ts";
import { nothingSaid } from "../labels/read-labels.ts";
import { ProblemList } from "../problem-list.ts";
import type { Source, SourceState, SourceStatus } from "../source.ts";
import { WatchLoop, type Watched } from "../watch-loop.ts";
import { toReplicas, type SrvName } from "./srv-records.ts";

/** Options of a DnsSource; times in ms. */
export interface DnsSourceOptions {
  readonly names: readonly SrvName[];
  /** `address` or `address:port`. Default: the servers of this host. */
  readonly servers?: readonly string[];
  /** Longest time between two looks: Node tells no TTL of SRV records. Default 10,000. */
  readonly refreshIntervalMs?: number;
  /** For one query to one server, which is asked twice. Default 2000. */
  readonly timeoutMs?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const name = "dns";

/** Services whose replicas are SRV records: Mesos-DNS, Consul DNS, headless services of Kubernetes. */
export class DnsSource implements Source {
  readonly name: string = name;
  readonly #options: DnsSourceOptions;
  readonly #loop: WatchLoop;

  constructor(options: DnsSourceOptions) {
    this.#options = options;
    const { refreshIntervalMs = 10_000, clock, random, logger } = options;
    const times = { refreshIntervalMs, retryCapMs: refreshIntervalMs };
    this.#loop = new WatchLoop({ name, ...times, clock, random, logger });
  }

  /** One run at a time; it may be run again after it has ended. */
  async *run(signal: AbortSignal): AsyncGenerator<SourceState, void, void> {
    yield* this.#loop.run(new WatchedNames(this.#options), signal);
  }

  status(): SourceStatus {
    return this.#loop.status(this.#options.servers?.join(",") ?? "this host's servers");
  }

  resync(): void {
    this.#loop.resync();
  }
}

/** Names that are asked for at the same time. */
const concurrency = 16;

class WatchedNames implements Watched {
  readonly #names: readonly SrvName[];
  readonly #servers: readonly string[] | undefined;
  readonly #timeoutMs: number;
  /** The newest answer of each name that ever had one. */
  readonly #known = new Map<string, readonly SrvRecord[]>();

  constructor({ names, servers, timeoutMs = 2000 }: DnsSourceOptions) {
    this.#names = names;
    this.#servers = servers;
    this.#timeoutMs = timeoutMs;
  }

  async look(signal: AbortSignal): Promise<SourceState> {
    const failures = await this.#resolveAll(signal);
    const reasons = failures.map(([asked, reason]) => `${asked}: ${reason}`);
    if (failures.length > 0 && failures.length === this.#names.length)
      throw new Error(reasons.join("; "));
    const problems = new ProblemList(name);
    for (const [subject, failure] of failures) {
      const reason = `its SRV records cannot be had (${failure}): what is known stays`;
      problems.add({ kind: "unresolved-host", subject, reason });
    }
    const claims = this.#names.flatMap((asked) => this.#claims(asked, problems));
    const services = gatherServices(claims, name);
    return { services, problems: problems.list(), confirmedGone: new Set() };
  }

  /** Nothing tells of a change: the loop looks again by itself. */
  changed(signal: AbortSignal): Promise<void> {
    return sleep(Number.MAX_SAFE_INTEGER, signal);
  }

  /** Takes in every answer; gives the names that had none, with the reason. */
  async #resolveAll(signal: AbortSignal): Promise<readonly (readonly [string, string])[]> {
    // A resolver of its own, since a cancelled one also cancels what others ask.
    const resolver = new promises.Resolver({ timeout: this.#timeoutMs, tries: 2 });
    if (this.#servers !== undefined) resolver.setServers(this.#servers);
    const cancel = (): void => resolver.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      const names = [...new Set(this.#names.map((asked) => asked.name))];
      const failures = await mapLimited(names, concurrency, async (asked) => {
        signal.throwIfAborted();
        const failure = await this.#resolve(asked, resolver);
        return failure === undefined ? undefined : ([asked, failure] as const);
      });
      signal.throwIfAborted();
      return failures.filter((failure) => failure !== undefined);
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  async #resolve(asked: string, resolver: promises.Resolver): Promise<string | undefined> {
    try {
      this.#known.set(asked, await resolver.resolveSrv(asked));
      return undefined;
    } catch (error) {
      const code = codeOf(error);
      if (code === CANCELLED || (code !== NOTFOUND && code !== NODATA)) return code;
      // Servers answer so for a service without replicas [consul: dns, kubernetes: headless services].
      this.#known.set(asked, []);
      return undefined;
    }
  }

  #claims({ name: app, port, protocol }: SrvName, problems: ProblemList): readonly Claim[] {
    const records = this.#known.get(app);
    if (records === undefined) return [];
    const claim = { app, port, protocol, reading: nothingSaid, madeAt: 0 };
    const replicas = toReplicas(app, records, problems);
    if (replicas.length === 0) return [{ ...claim, replica: undefined }];
    return replicas.map((replica) => ({ ...claim, replica }));
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "failed";
  return "code" in error && typeof error.code === "string"
    ? error.code
    : printable(error.message, 80);
}
