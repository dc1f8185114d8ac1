import { Backoff } from "../async/backoff.ts";
import { Interruption } from "../async/interruption.ts";
import { Latest } from "../async/latest.ts";
import { sleep } from "../async/sleep.ts";
import type { Clock, Random } from "../model/clock.ts";
import type { Logger } from "../model/logger.ts";
import { printable } from "../model/problem.ts";
import { SourceTally } from "./source-tally.ts";
import type { SourceState, SourceStatus } from "./source.ts";

/** What one source must be able to do; everything else about watching is the loop's. */
export interface Watched {
  /** Reads the whole truth; rejects when it cannot be had or not be believed. */
  look(signal: AbortSignal): Promise<SourceState>;
  /** Resolves when it is time to look again; rejects when it cannot tell. Follows a look that succeeded. */
  changed(signal: AbortSignal): Promise<void>;
  /** Resolves when a look that failed is worth repeating before its wait is over. Default: never. */
  repaired?(signal: AbortSignal): Promise<void>;
}

/** Options of a WatchLoop; times in ms. */
export interface WatchLoopOptions {
  /** The source's name. */
  readonly name: string;
  /** Longest time between two looks; each is drawn from 80 to 100 % of it. */
  readonly refreshIntervalMs: number;
  /** Longest wait after a failure. Default 15,000. */
  readonly retryCapMs?: number | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const retryFirstMs = 100;
/** A watch that held this long was good: the next failure starts over with the shortest wait. */
const goodWatchMs = 60_000;

/** Looks, waits for a change, looks again; after a failure it keeps what is known and waits longer each time. */
export class WatchLoop {
  readonly #options: WatchLoopOptions;
  readonly #tally: SourceTally;
  readonly #backoff: Backoff;
  #isWatching = false;
  #isReadable = true;
  #isAsked = false;
  #rest: Interruption | undefined;

  constructor(options: WatchLoopOptions) {
    const { retryCapMs: capMs = 15_000, random } = options;
    this.#options = options;
    this.#tally = new SourceTally(options.clock);
    this.#backoff = new Backoff({ firstMs: retryFirstMs, capMs, random });
  }

  /** Yields a state per look that succeeds, until the signal aborts; nothing of it runs on when it has ended. */
  async *run(watched: Watched, signal: AbortSignal): AsyncGenerator<SourceState, void, void> {
    using life = new Interruption(signal);
    const states = new Latest<SourceState>();
    const loop = this.#watch(watched, states, life.signal);
    try {
      yield* states.values(life.signal);
    } finally {
      life.interrupt();
      await loop;
      this.unwatched(undefined);
    }
  }

  /** Asks for a look now, also in place of the wait after a failure. */
  resync(): void {
    this.#isAsked = true;
    this.#rest?.interrupt();
  }

  /** Changes are pushed to us from now on. */
  watching(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#tally.streamOpened();
  }

  /** They are no longer; `reason` is undefined when we ended it. */
  unwatched(reason: string | undefined): void {
    this.#isWatching = false;
    this.#tally.streamClosed(reason);
  }

  eventReceived(): void {
    this.#tally.eventReceived("changed");
  }

  status(endpoint: string): SourceStatus {
    return this.#tally.status(this.#options.name, endpoint);
  }

  async #watch(watched: Watched, states: Latest<SourceState>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#isAsked = false;
      const state = await this.#look(watched, signal);
      if (state !== undefined) states.set(state);
      if (state !== undefined && (await this.#untilChanged(watched, signal))) this.#backoff.reset();
      else await this.#untilRetry(watched, signal);
    }
  }

  async #look(watched: Watched, signal: AbortSignal): Promise<SourceState | undefined> {
    const begunAt = performance.now();
    try {
      const state = await watched.look(signal);
      this.#tally.synced(performance.now() - begunAt);
      this.#becameReadable();
      return state;
    } catch (error) {
      if (!signal.aborted) this.#becameUnreadable(reasonOf(error));
      return undefined;
    }
  }

  /** False when the watch itself failed. */
  async #untilChanged(watched: Watched, signal: AbortSignal): Promise<boolean> {
    const { refreshIntervalMs, random } = this.#options;
    const begunAt = performance.now();
    try {
      await this.#resting(signal, (rest) => [
        watched.changed(rest),
        sleep(refreshIntervalMs * (0.8 + 0.2 * random()), rest),
      ]);
      return true;
    } catch (error) {
      if (signal.aborted) return true;
      this.#watchFailed(reasonOf(error));
      return performance.now() - begunAt >= goodWatchMs;
    }
  }

  async #untilRetry(watched: Watched, signal: AbortSignal): Promise<void> {
    try {
      await this.#resting(signal, (rest) => [
        sleep(this.#backoff.next(), rest),
        ...(watched.repaired === undefined ? [] : [watched.repaired(rest)]),
      ]);
    } catch (error) {
      if (!signal.aborted) this.#watchFailed(reasonOf(error));
    }
  }

  /** Waits for the first of some waits, or until asked; the others have ended when it returns. */
  async #resting(
    signal: AbortSignal,
    begin: (rest: AbortSignal) => readonly Promise<void>[],
  ): Promise<void> {
    if (this.#isAsked || signal.aborted) return;
    using rest = new Interruption(signal);
    const waits = begin(rest.signal);
    this.#rest = rest;
    try {
      await Promise.race(waits);
    } catch (error) {
      if (!rest.signal.aborted) throw error;
    } finally {
      this.#rest = undefined;
      rest.interrupt();
      await Promise.allSettled(waits);
    }
  }

  #becameReadable(): void {
    const { name, logger } = this.#options;
    if (!this.#isReadable) logger.info(`${name} can be read again`);
    this.#isReadable = true;
  }

  #becameUnreadable(reason: string): void {
    const { name, logger } = this.#options;
    this.#tally.syncFailed(reason);
    if (this.#isReadable) logger.warn(`${name} cannot be read, what is known stays`, { reason });
    else logger.debug(`${name} can still not be read`, { reason });
    this.#isReadable = false;
  }

  #watchFailed(reason: string): void {
    const { name, logger } = this.#options;
    if (this.#isWatching) logger.warn(`${name} cannot be watched, it is read again`, { reason });
    this.unwatched(`watch: ${reason}`);
  }
}

function reasonOf(error: unknown): string {
  return printable(error instanceof Error ? error.message : String(error));
}
