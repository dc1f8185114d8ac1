import { watch } from "node:fs";
import { dirname } from "node:path";

import { Alarm } from "../../async/alarm.ts";
import { sleep } from "../../async/sleep.ts";
import type { Clock, Random } from "../../model/clock.ts";
import type { Logger } from "../../model/logger.ts";
import type { Service } from "../../model/service.ts";
import { gatherServices, type Claim } from "../claims.ts";
import type { Source, SourceState, SourceStatus } from "../source.ts";
import { WatchLoop, type Watched } from "../watch-loop.ts";
import { parseDocument } from "./document.ts";
import { fingerprint, isSame, readContent, type Fingerprint } from "./file-content.ts";
import { keepGood } from "./last-good.ts";
import { readServices } from "./listed-services.ts";

/** Options of a FileSource; times in ms. */
export interface FileSourceOptions {
  /** A YAML file, or a JSON file when its name ends in `.json`. */
  readonly path: string;
  /** How often the file is looked at where its folder cannot tell. Default 2000. */
  readonly pollMs?: number;
  /** A file that is written in place is read once nothing of it has changed for so long. Default 500. */
  readonly stillMs?: number;
  /** Only services of these groups are offered: see `isOffered`. Default: all. */
  readonly groups?: readonly string[] | undefined;
  /** Longest file, in bytes. Default 32 MiB. */
  readonly limitBytes?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const name = "file";
/** A writer may touch a file several times in a row: looking waits this long for it. */
const quietMs = 20;
/** After so long, one that never rests counts as unreadable. */
const longestWriteMs = 10_000;
/** A file is read whole this often even if it never seems to change. */
const refreshIntervalMs = 60_000;

/** Services that a YAML or JSON file lists, read again as soon as it is changed or replaced. */
export class FileSource implements Source {
  readonly name: string = name;
  readonly #options: FileSourceOptions;
  readonly #loop: WatchLoop;

  constructor(options: FileSourceOptions) {
    this.#options = options;
    const { clock, random, logger, pollMs = 2000 } = options;
    const times = { refreshIntervalMs, retryCapMs: pollMs };
    this.#loop = new WatchLoop({ name, ...times, clock, random, logger });
  }

  /** One run at a time; it may be run again after it has ended. */
  async *run(signal: AbortSignal): AsyncGenerator<SourceState, void, void> {
    using file = new WatchedFile(this.#options, this.#loop);
    yield* this.#loop.run(file, signal);
  }

  status(): SourceStatus {
    return this.#loop.status(this.#options.path);
  }

  resync(): void {
    this.#loop.resync();
  }
}

class WatchedFile implements Watched, Disposable {
  readonly #path: string;
  readonly #limitBytes: number;
  readonly #pollMs: number;
  readonly #stillMs: number;
  readonly #groups: readonly string[] | undefined;
  readonly #loop: WatchLoop;
  readonly #alarm = new Alarm();
  #closeWatcher: (() => void) | undefined;
  #seen: Fingerprint | undefined;
  /** What it said when it was read last, with what stood for items that could not be used. */
  #claims: readonly Claim[] = [];
  /** Apps and tasks that it listed when it was read last. */
  #listed: ReadonlySet<string> = new Set();
  /** Its folder told of something since it was last looked at. */
  #isStirred = false;

  constructor({ path, groups, ...options }: FileSourceOptions, loop: WatchLoop) {
    const { pollMs = 2000, stillMs = 500, limitBytes = 32 * 1024 * 1024 } = options;
    this.#path = path;
    this.#limitBytes = limitBytes;
    this.#pollMs = pollMs;
    this.#stillMs = stillMs;
    this.#groups = groups;
    this.#loop = loop;
  }

  async look(signal: AbortSignal): Promise<SourceState> {
    // Before the file is read, so that a change in between is not missed.
    this.#watch();
    this.#seen = await this.#settled(signal);
    const content = await readContent(this.#path, this.#limitBytes);
    const document = parseDocument(content.text, this.#path);
    const listed = readServices(document, content.modifiedAt);
    this.#claims = keepGood(listed, this.#claims);
    const services = gatherServices(this.#claims, name, this.#groups);
    const problems = listed.problems.list();
    return { services, problems, confirmedGone: this.#lostBy(services) };
  }

  /** What is there once nobody is writing it: the beginning of a longer file may be a sound file itself. */
  async #settled(signal: AbortSignal): Promise<Fingerprint | undefined> {
    const begunAt = performance.now();
    let last = this.#seen;
    for (;;) {
      const current = await fingerprint(this.#path);
      // One that appears where there was none is being written, for all that can be told.
      const isWritten = last?.file === current?.file || last === undefined;
      const isFirst = this.#claims.length === 0;
      if (isFirst || !isWritten || isSame(current, last)) return current;
      if (performance.now() - begunAt > longestWriteMs) throw new Error("it is being written");
      last = current;
      await sleep(this.#stillMs, signal);
    }
  }

  /** What a file that could be read no longer lists, its writer has taken out: that needs no second look. */
  #lostBy(services: readonly Service[]): ReadonlySet<string> {
    const listed = new Set(
      services.flatMap(({ app, replicas }) => [app, ...replicas.map(({ task }) => task)]),
    );
    const lost = this.#listed.difference(listed);
    this.#listed = listed;
    return lost;
  }

  async changed(signal: AbortSignal): Promise<void> {
    // Its folder tells of its other files too, and of nothing at all behind a symbolic link.
    while (!signal.aborted) {
      this.#isStirred = false;
      if (!isSame(await fingerprint(this.#path), this.#seen)) break;
      if (!this.#isStirred) await this.#alarm.wait(this.#pollMs, signal);
    }
    await sleep(quietMs, signal);
  }

  repaired(signal: AbortSignal): Promise<void> {
    return this.changed(signal);
  }

  [Symbol.dispose](): void {
    this.#closeWatcher?.();
    this.#closeWatcher = undefined;
  }

  /** The folder, since a file that is replaced is another file. */
  #watch(): void {
    if (this.#closeWatcher !== undefined) return;
    try {
      const watcher = watch(dirname(this.#path), { persistent: false });
      watcher.on("error", (error) => this.#watchLost(error));
      watcher.on("change", () => {
        this.#loop.eventReceived();
        this.#isStirred = true;
        this.#alarm.ring();
      });
      this.#closeWatcher = () => watcher.close();
      this.#loop.watching();
    } catch (error) {
      this.#watchLost(error);
    }
  }

  #watchLost(error: unknown): void {
    this[Symbol.dispose]();
    this.#loop.unwatched(error instanceof Error ? error.message : String(error));
  }
}
