import { Interruption } from "../../async/interruption.ts";
import { mapLimited } from "../../async/map-limited.ts";
import { sleep } from "../../async/sleep.ts";
import { AnswerError } from "../answer-error.ts";
import { isFields, listOf, type Fields } from "../fields.ts";
import type { SourceState } from "../source.ts";
import type { Watched, WatchLoop } from "../watch-loop.ts";
import { CheckPrints } from "./check-prints.ts";
import type { ConsulApi } from "./consul-api.ts";
import { KnownServices, type KnownServicesOptions } from "./known-services.ts";

export interface WatchedCatalogOptions extends KnownServicesOptions {
  readonly api: ConsulApi;
  readonly loop: WatchLoop;
  /** A burst of changes is waited for this long, in ms. */
  readonly quietMs: number;
  /** Read everything once more after any change, since another server may not have heard of it yet. */
  readonly confirms: boolean;
}

/** What a look is for: it was asked for or its time has come, an index moved, or services are left to be read. */
type Reason = "asked" | "hint" | "rest";

/** What one look has to go by. */
interface View {
  readonly catalog: Fields;
  readonly prints: CheckPrints;
  readonly names: readonly string[];
}

const catalogPath = "/v1/catalog/services";
const checksPath = "/v1/health/state/any";
/** Services that are read at the same time. */
const concurrency = 8;
/** Services that seem unchanged and are read in one look: a change that is seen meanwhile waits for them. */
const mostUnchanged = 100;
const leastRestMs = 1000;
/** Reading services that are none of ours costs us and the agent at most this share of the time. */
const restShare = 0.1;
/** A blocking query that comes back sooner without news did not block. */
const leastBlockMs = 1000;

/**
 * Consul's services with their instances. Two blocking queries tell of any change, whatever the number of services;
 * then those are read whose tags or checks have changed. What neither shows, such as an instance without checks, is
 * found by reading those that declare a port at once, and the others a while later.
 */
export class WatchedCatalog implements Watched {
  readonly #options: WatchedCatalogOptions;
  readonly #known: KnownServices;
  #catalogIndex = 0;
  #checksIndex = 0;
  #reason: Reason = "asked";
  /** Services that may have changed since they were read without showing it. */
  readonly #due = new Set<string>();
  #lookMs = 0;
  #lookedAt = -Infinity;
  /** When the next ones of those are to be read at the latest. */
  #restAt = Infinity;

  constructor(options: WatchedCatalogOptions) {
    this.#options = options;
    this.#known = new KnownServices(options);
  }

  async look(signal: AbortSignal): Promise<SourceState> {
    const { api, confirms } = this.#options;
    const begunAt = performance.now();
    const catalog = await api.read(catalogPath, signal);
    const checks = await api.read(checksPath, signal);
    if (!isFields(catalog.document)) throw new AnswerError("wrong-shape", "no catalog");
    if (!Array.isArray(checks.document)) throw new AnswerError("wrong-shape", "no list of checks");
    const names = this.#namesIn(catalog.document);
    const prints = new CheckPrints(checks.document);
    const isMoved = catalog.index !== this.#catalogIndex;
    if (this.#reason === "asked" || isMoved) this.#mark(names);
    await this.#readAll({ catalog: catalog.document, prints, names }, signal);
    this.#known.keep(new Set(names), catalog);
    if (confirms && this.#reason === "hint") this.#mark(names);
    this.#catalogIndex = catalog.index;
    this.#checksIndex = checks.index;
    this.#lookedAt = performance.now();
    this.#lookMs = this.#lookedAt - begunAt;
    this.#planRest();
    this.#reason = "asked";
    return this.#known.state();
  }

  async changed(signal: AbortSignal): Promise<void> {
    const { loop, quietMs } = this.#options;
    loop.watching();
    using waits = new Interruption(signal);
    const all = [
      this.#hint(catalogPath, this.#catalogIndex, waits.signal),
      this.#hint(checksPath, this.#checksIndex, waits.signal),
      this.#resume(waits.signal),
    ];
    try {
      await Promise.race(all);
    } finally {
      waits.interrupt();
      await Promise.allSettled(all);
    }
    // A cluster whose checks never rest costs us and the agent at most half of the time.
    const leftMs = this.#lookedAt + this.#lookMs - performance.now();
    await sleep(Math.max(quietMs, leftMs), signal);
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
    this.#reason = "hint";
  }

  async #resume(signal: AbortSignal): Promise<void> {
    await sleep(this.#restAt - performance.now(), signal);
    if (this.#reason === "asked") this.#reason = "rest";
  }

  #namesIn(catalog: Fields): readonly string[] {
    const { tags } = this.#options;
    const wanted = Object.entries(catalog).filter(([, carried]) =>
      tags.every((tag) => listOf(carried).includes(tag)),
    );
    return wanted.map(([name]) => name);
  }

  #mark(names: readonly string[]): void {
    this.#due.clear();
    for (const name of names) this.#due.add(name);
  }

  #planRest(): void {
    const isSoon = !this.#options.confirms && [...this.#due].some((one) => this.#known.isUsed(one));
    const restMs = isSoon ? 0 : Math.max(leastRestMs, this.#lookMs / restShare);
    if (this.#due.size === 0) this.#restAt = Infinity;
    else if (this.#reason === "hint")
      this.#restAt = Math.min(this.#restAt, this.#lookedAt + restMs);
    else this.#restAt = this.#lookedAt + restMs;
  }

  async #readAll({ catalog, prints, names }: View, signal: AbortSignal): Promise<void> {
    const tagsOf = (name: string): string => JSON.stringify(catalog[name]);
    const changed = names.filter((name) => !this.#known.seemsSame(name, tagsOf(name), prints));
    const known = new Set(names).difference(new Set(changed));
    using reads = new Interruption(signal);
    await mapLimited([...changed, ...this.#unchanged(known)], concurrency, async (name) => {
      const path = `/v1/health/service/${encodeURIComponent(name)}`;
      const answer = await this.#options.api.read(path, reads.signal);
      this.#known.take(name, { ...answer, tags: tagsOf(name), prints });
      this.#due.delete(name);
    });
  }

  /** Services to read though they seem unchanged: those that are used first, and of the others few and rarely. */
  #unchanged(known: ReadonlySet<string>): readonly string[] {
    const due = [...this.#due].filter((name) => known.has(name));
    const used = due.filter((name) => this.#known.isUsed(name));
    const others = due.filter((name) => !this.#known.isUsed(name));
    const isTheirTurn = this.#reason !== "hint" || performance.now() >= this.#restAt;
    return [...used, ...(isTheirTurn ? others : [])].slice(0, mostUnchanged);
  }
}
