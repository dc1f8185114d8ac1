import { Alarm } from "../../async/alarm.ts";
import type { AppDefinition } from "./definition.ts";
import { PastDefinitions, type AppVersion } from "./past-definitions.ts";
import type { WireApp } from "./wire.ts";

export interface PastReaderOptions {
  /** Reads one version; undefined when Marathon does not know it any more. Rejects when it cannot say. */
  readonly read: (wanted: AppVersion, signal: AbortSignal) => Promise<AppDefinition | undefined>;
  /** A version could not be read; it is asked for again with the next list. */
  readonly onFailure: (wanted: AppVersion, error: unknown) => void;
  /** Everything that was wanted has been tried, and something new is known. */
  readonly onNews: () => void;
}

const mostAtOnce = 4;
const mostWanted = 256;

/** Reads the definitions that outdated tasks run by: behind the list, a few at a time, each once. */
export class PastReader {
  readonly #options: PastReaderOptions;
  readonly #past = new PastDefinitions();
  readonly #running = new Map<string, Promise<void>>();
  readonly #idle = new Alarm();
  #wanted: AppVersion[] = [];
  #hasNews = false;

  constructor(options: PastReaderOptions) {
    this.#options = options;
  }

  /** The definition of one version, as far as it is known. */
  find(app: string, version: number): AppDefinition | undefined {
    return this.#past.find(app, version);
  }

  /**
   * Takes note of a new list and begins to read what its tasks need, at most 256 versions at a time. Resolves when
   * that has been tried, after `waitMs`, while reading goes on, or when the signal aborts.
   */
  async follow(apps: readonly WireApp[], waitMs: number, signal: AbortSignal): Promise<void> {
    this.#past.learn(apps);
    const missing = this.#past.missing(apps);
    const wanted = missing.filter((version) => !this.#running.has(keyOf(version)));
    this.#wanted = wanted.slice(0, mostWanted);
    this.#goOn(signal);
    if (this.#running.size > 0) await this.#idle.wait(waitMs, signal);
  }

  /** Resolves when nothing is being read any more; never rejects. */
  async ended(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  #goOn(signal: AbortSignal): void {
    while (this.#running.size < mostAtOnce && !signal.aborted) {
      const wanted = this.#wanted.shift();
      if (wanted === undefined) break;
      this.#running.set(keyOf(wanted), this.#read(wanted, signal));
    }
    if (this.#running.size > 0 || signal.aborted) return;
    this.#idle.ring();
    if (this.#hasNews) this.#options.onNews();
    this.#hasNews = false;
  }

  async #read(wanted: AppVersion, signal: AbortSignal): Promise<void> {
    const { read, onFailure } = this.#options;
    try {
      this.#past.add(wanted, await read(wanted, signal));
      this.#hasNews = true;
    } catch (error) {
      // A Marathon that is unwell is not asked for the rest: the next list asks again.
      this.#wanted = [];
      if (!signal.aborted) onFailure(wanted, error);
    } finally {
      this.#running.delete(keyOf(wanted));
      this.#goOn(signal);
    }
  }
}

function keyOf({ app, version }: AppVersion): string {
  return `${app} ${version}`;
}
