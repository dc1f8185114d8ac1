import { isIP } from "node:net";

import { Deadline } from "../../async/deadline.ts";
import { mapLimited } from "../../async/map-limited.ts";
import { sleep } from "../../async/sleep.ts";
import { printable } from "../../model/problem.ts";
import { gatherServices, type Claim } from "../claims.ts";
import { nothingSaid } from "../labels/read-labels.ts";
import { ProblemList } from "../problem-list.ts";
import type { SourceState } from "../source.ts";
import type { Watched } from "../watch-loop.ts";
import { readAddresses, readSrv, type SrvRecord, type Told } from "./answers.ts";
import { Lasting } from "./lasting.ts";
import type { NameServers } from "./name-servers.ts";
import { toReplicas, type SrvName } from "./srv-records.ts";

export interface WatchedNamesOptions {
  readonly source: string;
  readonly names: readonly SrvName[];
  readonly servers: NameServers;
  /** Longest time that an answer is good, in ms. */
  readonly mostMs: number;
  /** For all addresses of one look, in ms: what is not known by then is left to whoever resolves host names. */
  readonly addressesMs: number;
}

/** Names that are asked for at the same time. */
const concurrency = 16;
/** Consul's answers are good for no time at all [consul: dns_config.service_ttl]. */
const leastMs = 1000;
const otherwiseMs = 10_000;
const retryMs = 5000;
/** Answers that end about the same time are renewed in one look, which a timer may bring on a little early. */
const togetherMs = 50;

/** SRV names and their targets, each asked for again when its last answer is no longer good. */
export class WatchedNames implements Watched {
  readonly #options: WatchedNamesOptions;
  readonly #records: Lasting<readonly SrvRecord[]>;
  readonly #addresses: Lasting<readonly string[]>;
  /** The address that each target is dialled at. */
  readonly #dialled = new Map<string, string>();
  /** The look to come is for answers that are no longer good, rather than asked for. */
  #isForTime = false;

  constructor(options: WatchedNamesOptions) {
    this.#options = options;
    const bounds = { leastMs: Math.min(leastMs, options.mostMs), mostMs: options.mostMs };
    this.#records = new Lasting({ ...bounds, otherwiseMs });
    this.#addresses = new Lasting({ ...bounds, otherwiseMs });
  }

  async look(signal: AbortSignal): Promise<SourceState> {
    const { source, names } = this.#options;
    if (!this.#isForTime) for (const lasting of [this.#records, this.#addresses]) lasting.expire();
    this.#isForTime = false;
    const failures = await this.#askRecords(signal);
    const reasons = failures.map(([asked, reason]) => `${asked}: ${reason}`);
    if (failures.length > 0 && failures.length === new Set(names.map(({ name }) => name)).size)
      throw new Error(reasons.join("; "));
    await this.#askAddresses(signal);
    const problems = new ProblemList(source);
    for (const [subject, failure] of failures) {
      const reason = `its SRV records cannot be had (${failure}): what is known stays`;
      problems.add({ kind: "unresolved-host", subject, reason });
    }
    const claims = names.flatMap((asked) => this.#claims(asked, problems));
    const services = gatherServices(claims, source);
    return { services, problems: problems.list(), confirmedGone: new Set() };
  }

  /** Nothing tells of a change: what tells is that an answer is no longer good. */
  async changed(signal: AbortSignal): Promise<void> {
    const nextAt = Math.min(this.#records.nextAt, this.#addresses.nextAt);
    await sleep(nextAt - performance.now(), signal);
    this.#isForTime = true;
  }

  /** Takes in every answer; gives the names that had none, with the reason. */
  async #askRecords(signal: AbortSignal): Promise<readonly (readonly [string, string])[]> {
    const now = performance.now() + togetherMs;
    const names = [...new Set(this.#options.names.map(({ name }) => name))];
    const due = names.filter((name) => this.#records.isDue(name, now));
    const failures = await mapLimited(due, concurrency, async (name) => {
      try {
        const answer = await this.#options.servers.ask({ name, type: "SRV" }, readSrv, signal);
        this.#records.take(name, answer, performance.now());
        for (const [host, along] of answer.addresses) this.#take(host, along);
        return undefined;
      } catch (error) {
        signal.throwIfAborted();
        this.#records.failed(name, performance.now(), retryMs);
        return [name, reasonOf(error)] as const;
      }
    });
    return failures.filter((failure) => failure !== undefined);
  }

  async #askAddresses(signal: AbortSignal): Promise<void> {
    const { names, addressesMs } = this.#options;
    const records = names.flatMap(({ name }) => this.#records.of(name) ?? []);
    const targets = new Set(records.map(({ name }) => name.toLowerCase()));
    this.#addresses.keep(targets);
    for (const host of this.#dialled.keys()) if (!targets.has(host)) this.#dialled.delete(host);
    const now = performance.now() + togetherMs;
    const due = [...targets].filter((host) => isIP(host) === 0 && this.#addresses.isDue(host, now));
    using late = new Deadline(addressesMs, () => new Error("too late"), signal);
    await mapLimited(due, concurrency, async (host) => {
      try {
        this.#take(host, await this.#addressesOf(host, late.signal));
      } catch {
        signal.throwIfAborted();
        this.#addresses.failed(host, performance.now(), retryMs);
      }
    });
  }

  async #addressesOf(name: string, signal: AbortSignal): Promise<Told<readonly string[]>> {
    const { servers } = this.#options;
    const first = await servers.ask({ name, type: "A" }, readAddresses, signal);
    if (first.value.length > 0) return first;
    return await servers.ask({ name, type: "AAAA" }, readAddresses, signal);
  }

  #take(host: string, told: Told<readonly string[]>): void {
    this.#addresses.take(host, told, performance.now());
    const [first] = told.value;
    const dialled = this.#dialled.get(host);
    // Staying with an address that is still listed keeps a target of many from moving at every look.
    if (dialled !== undefined && told.value.includes(dialled)) return;
    if (first === undefined) this.#dialled.delete(host);
    else this.#dialled.set(host, first);
  }

  #claims({ name: app, port, protocol }: SrvName, problems: ProblemList): readonly Claim[] {
    const records = this.#records.of(app);
    if (records === undefined) return [];
    const claim = { app, port, protocol, reading: nothingSaid, madeAt: 0 };
    const addressOf = (host: string): string => this.#dialled.get(host.toLowerCase()) ?? host;
    const replicas = toReplicas(app, records, { addressOf, problems });
    if (replicas.length === 0) return [{ ...claim, replica: undefined }];
    return replicas.map((replica) => ({ ...claim, replica }));
  }
}

function reasonOf(error: unknown): string {
  return printable(error instanceof Error ? error.message : "failed", 80);
}
