import { sleep } from "../async/sleep.ts";
import type { Config } from "../config/settings.ts";
import type { Logger } from "../model/logger.ts";
import type { WorkerPool } from "../workers/pool.ts";
import { workerCount } from "./engine-settings.ts";
import { gatewayPlaces } from "./gateway.ts";
import type { Outlets } from "./outlets.ts";
import { Succession } from "./succession.ts";

/** The proxy, as far as its ports pass from one process to the next. */
export interface Reign {
  readonly config: Config;
  readonly logger: Logger;
  readonly pool: Pick<WorkerPool, "listeners" | "served" | "stopAccepting" | "bindings">;
  readonly outlets: Outlets;
  /** The version of the newest table; 0 before the first one. */
  readonly version: () => number;
  /** True when no source and no first probe is waited for any more. */
  readonly isInformed: () => boolean;
  readonly openStatusPort: () => Promise<void>;
  readonly closeStatusPort: () => Promise<void>;
  /** Ends gently what has begun. */
  readonly drain: () => Promise<void>;
}

/** How long sources and first probes that say nothing are waited for, and how often it is looked, in ms. */
const preparation = { mostMs: 10_000, lookMs: 20 } as const;

/** How one portolan takes the place of another: the steps, at both ends. */
export class Handover implements AsyncDisposable {
  readonly #reign: Reign;
  readonly #life = new AbortController();
  readonly #replacement = new AbortController();
  #succession: Succession | undefined;
  #isLeaving = false;
  #yielding: Promise<void> | undefined;

  constructor(reign: Reign) {
    this.#reign = reign;
  }

  /** Aborts when another portolan has the ports. */
  get replaced(): AbortSignal {
    return this.#replacement.signal;
  }

  /** Serves at once where nobody else does; rejects when the ports are somebody's whose place cannot be taken. */
  async begin(): Promise<void> {
    const { config, logger, outlets, openStatusPort } = this.#reign;
    const { takeover: path, bind: hosts } = config;
    const sharesPorts = path !== undefined || workerCount(config.workers) > 1;
    const incumbent = {
      objection: (missing: readonly string[]) => this.#objection(missing),
      yield: () => (this.#yielding ??= this.#yield()),
    };
    const ports = { hosts, gateway: gatewayPlaces(config), sharesPorts };
    this.#succession = await Succession.begin({ path, ...ports, logger, incumbent });
    if (this.#succession.hasPredecessor) return;
    await outlets.serve();
    await openStatusPort();
    outlets.write();
  }

  /** Where another one serves, serves beside it once we know as much, and has it yield. */
  async complete(signal: AbortSignal): Promise<void> {
    if (this.#succession?.hasPredecessor === true) await this.#takeOver(signal, this.#succession);
  }

  /** We are to end: whoever is to come in our place need not wait. */
  leaving(): void {
    this.#isLeaving = true;
    this.#succession?.leaving();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort();
    await this.#succession?.[Symbol.asyncDispose]();
  }

  async #takeOver(signal: AbortSignal, succession: Succession): Promise<void> {
    const { logger, outlets, closeStatusPort, drain } = this.#reign;
    logger.info("another portolan serves: taking over when ready");
    await this.#prepare(signal, succession);
    if (this.#isLeaving) return;
    try {
      await this.#serveBeside();
      if (this.#isLeaving) return;
      const { bindings, listeners } = this.#reign.pool;
      await succession.replace([...bindings.missing(), ...listeners.missing()]);
    } catch (error) {
      // Who came to us meanwhile is not to suffer from it, nor is who asks the one that stays.
      await closeStatusPort();
      await drain();
      throw error;
    }
    outlets.write();
    logger.info("took over");
  }

  /** While the ports are served, waits for a table as good as it will be soon. */
  async #prepare(signal: AbortSignal, succession: Succession): Promise<void> {
    const { isInformed, version } = this.#reign;
    const startedAt = performance.now();
    const isLate = (): boolean => performance.now() - startedAt > preparation.mostMs;
    while (succession.isServed && !(version() > 0 && (isInformed() || isLate()))) {
      await sleep(preparation.lookMs, signal);
    }
  }

  async #serveBeside(): Promise<void> {
    const { outlets, pool, version, openStatusPort } = this.#reign;
    await outlets.serve();
    if (version() > 0) await pool.served(version());
    await openStatusPort();
  }

  #objection(missing: readonly string[]): string | undefined {
    const { pool, logger } = this.#reign;
    const held = new Set(pool.bindings.held());
    const lost = missing.filter((place) => held.has(place));
    if (lost.length === 0) return undefined;
    const reason = `it has ports that the new one cannot bind: ${lost.slice(0, 3).join(", ")}`;
    logger.warn("does not yield to another portolan", { reason });
    return reason;
  }

  /** Leaves the ports to another portolan; what runs here goes on. */
  async #yield(): Promise<void> {
    const { config, logger, outlets, pool, closeStatusPort } = this.#reign;
    logger.info("another portolan takes over");
    await Promise.all([
      outlets[Symbol.asyncDispose](),
      closeStatusPort(),
      // A thread that hangs must not keep the next one waiting.
      Promise.race([pool.stopAccepting(), sleep(config.drainTimeoutMs, this.#life.signal)]),
    ]);
    await this.#succession?.leave();
    this.#replacement.abort();
  }
}
