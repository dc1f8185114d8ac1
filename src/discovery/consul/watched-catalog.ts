import { Interruption } from "../../async/interruption.ts";
import { mapLimited } from "../../async/map-limited.ts";
import { sleep } from "../../async/sleep.ts";
import { AnswerError } from "../answer-error.ts";
import { gatherServices } from "../claims.ts";
import { fieldsOf, isFields, listOf, textOf } from "../fields.ts";
import { ProblemList } from "../problem-list.ts";
import type { SourceState } from "../source.ts";
import type { Watched, WatchLoop } from "../watch-loop.ts";
import { CheckPrints } from "./check-prints.ts";
import type { ConsulApi } from "./consul-api.ts";
import { toClaims, type InstanceRules } from "./instances.ts";

export interface WatchedCatalogOptions extends Omit<InstanceRules, "problems"> {
  readonly source: string;
  readonly api: ConsulApi;
  readonly loop: WatchLoop;
  readonly groups: readonly string[] | undefined;
  /** A burst of changes is waited for this long, in ms. */
  readonly quietMs: number;
  /** Read everything once more after any change, since another server may not have heard of it yet. */
  readonly confirms: boolean;
}

/** One service as it was last read. */
interface Known {
  readonly entries: readonly unknown[];
  readonly nodes: ReadonlySet<string>;
  /** What its checks said then, and its tags in the catalog. */
  readonly print: string;
  readonly tags: string;
}

/** What one look has to go by. */
interface View {
  readonly prints: CheckPrints;
  /** Read everything, also what looks unchanged. */
  readonly isFull: boolean;
}

const catalogPath = "/v1/catalog/services";
const checksPath = "/v1/health/state/any";
/** Services that are read at the same time. */
const concurrency = 8;
const leastSweepDelayMs = 1000;
/** Reading everything costs us and the agent at most this share of the time. */
const sweepShare = 0.1;
/** A blocking query that comes back sooner without news did not block. */
const leastBlockMs = 1000;

/**
 * Consul's services with their instances. Two blocking queries tell of any change, whatever the number of services;
 * then those are read whose tags or checks have changed. What neither shows, such as meta, a full read finds a while
 * after each change of the catalog.
 */
export class WatchedCatalog implements Watched {
  readonly #options: WatchedCatalogOptions;
  #known: ReadonlyMap<string, Known> = new Map();
  #catalogIndex = 0;
  #checksIndex = 0;
  /** The look to come is for a hint, rather than for its time or because it was asked for. */
  #isHinted = false;
  #lookMs = 0;
  #sweepMs = 0;
  /** When everything is to be read again at the latest. */
  #sweepAt = Infinity;

  constructor(options: WatchedCatalogOptions) {
    this.#options = options;
  }

  async look(signal: AbortSignal): Promise<SourceState> {
    const { api } = this.#options;
    const begunAt = performance.now();
    const catalog = await api.read(catalogPath, signal);
    const checks = await api.read(checksPath, signal);
    if (!isFields(catalog.document)) throw new AnswerError("wrong-shape", "no catalog");
    if (!Array.isArray(checks.document)) throw new AnswerError("wrong-shape", "no list of checks");
    const isFull = !this.#isHinted || begunAt >= this.#sweepAt;
    const view = { prints: new CheckPrints(checks.document), isFull };
    this.#known = await this.#readAll(Object.entries(catalog.document), view, signal);
    const isMoved = catalog.index !== this.#catalogIndex;
    this.#catalogIndex = catalog.index;
    this.#checksIndex = checks.index;
    this.#lookMs = performance.now() - begunAt;
    this.#planSweep(isFull, isMoved);
    this.#isHinted = false;
    return this.#state();
  }

  async changed(signal: AbortSignal): Promise<void> {
    const { loop, quietMs } = this.#options;
    loop.watching();
    using waits = new Interruption(signal);
    const all = [
      this.#hint(catalogPath, this.#catalogIndex, waits.signal),
      this.#hint(checksPath, this.#checksIndex, waits.signal),
      sleep(this.#sweepAt - performance.now(), waits.signal),
    ];
    try {
      await Promise.race(all);
    } finally {
      waits.interrupt();
      await Promise.allSettled(all);
    }
    // A cluster whose checks never rest costs us and the agent at most half of the time.
    await sleep(Math.max(quietMs, this.#lookMs), signal);
  }

  /** Resolves when the index moved; backwards too, which means that the store is another one. */
  async #hint(path: string, index: number, signal: AbortSignal): Promise<void> {
    const { api, loop } = this.#options;
    for (;;) {
      const begunAt = performance.now();
      const answer = await api.read(path, signal, index);
      if (answer.index !== index) break;
      if (performance.now() - begunAt < leastBlockMs) await sleep(leastBlockMs, signal);
    }
    loop.eventReceived();
    this.#isHinted = true;
  }

  #planSweep(isFull: boolean, isMoved: boolean): void {
    if (isFull) {
      this.#sweepMs = this.#lookMs;
      this.#sweepAt = Infinity;
    } else if (isMoved || this.#options.confirms) {
      const delayMs = Math.max(leastSweepDelayMs, this.#sweepMs / sweepShare);
      this.#sweepAt = Math.min(this.#sweepAt, performance.now() + delayMs);
    }
  }

  async #readAll(
    catalog: readonly (readonly [string, unknown])[],
    view: View,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Known>> {
    using reads = new Interruption(signal);
    const wanted = catalog.filter(([, carried]) =>
      this.#options.tags.every((tag) => listOf(carried).includes(tag)),
    );
    const known = await mapLimited(wanted, concurrency, async ([name, carried]) => {
      const tags = JSON.stringify(carried);
      const before = this.#known.get(name);
      const isSame = before?.tags === tags && before.print === view.prints.of(name, before.nodes);
      if (isSame && !view.isFull) return [name, before] as const;
      const read = await this.#read(name, view.prints, reads.signal);
      return [name, { ...read, tags }] as const;
    });
    return new Map(known);
  }

  async #read(
    name: string,
    prints: CheckPrints,
    signal: AbortSignal,
  ): Promise<Omit<Known, "tags">> {
    const path = `/v1/health/service/${encodeURIComponent(name)}`;
    const { document } = await this.#options.api.read(path, signal);
    if (!Array.isArray(document)) throw new AnswerError("wrong-shape", "no list of instances");
    const entries: readonly unknown[] = document;
    const nodes = new Set(
      entries.map((entry) => textOf(fieldsOf(fieldsOf(entry)["Node"])["Node"]) ?? ""),
    );
    return { entries, nodes, print: prints.of(name, nodes) };
  }

  #state(): SourceState {
    const { source, tags, groups, warning } = this.#options;
    const problems = new ProblemList(source);
    const claims = [...this.#known]
      .flatMap(([name, { entries }]) => toClaims(name, entries, { tags, warning, problems }))
      .toSorted((a, b) => a.madeAt - b.madeAt);
    const services = gatherServices(claims, source, groups);
    return { services, problems: problems.list(), confirmedGone: new Set() };
  }
}
