import { Alarm } from "../async/alarm.ts";
import { Backoff } from "../async/backoff.ts";
import type { Random } from "../model/clock.ts";
import type { Logger } from "../model/logger.ts";
import type { Problem } from "../model/problem.ts";
import { emptyTable, type Route, type Table } from "../routing/table.ts";
import type { FileNaming } from "./file-name.ts";
import { HookRunner } from "./hook-runner.ts";
import { InstanceFolder, type FolderFigures } from "./instance-folder.ts";
import { WantedFiles } from "./wanted-files.ts";

/** Times in ms. */
export interface InstanceFilesOptions {
  /** Made when it is missing. */
  readonly directory: string;
  /** Default `readme`. */
  readonly naming?: FileNaming | undefined;
  /** Program and arguments to run after a change and once at the start; empty for none, which is the default. */
  readonly hook?: readonly string[] | undefined;
  /** Default 10,000. */
  readonly hookTimeoutMs?: number | undefined;
  /** The protocol of a route's health check; default none. */
  readonly checkOf?: ((route: Route) => string | undefined) | undefined;
  /** The first wait after a failure, which doubles up to 30,000; default 1000. */
  readonly retryMs?: number | undefined;
  readonly random: Random;
  readonly logger: Logger;
}

/** Numbers since the start. */
export interface InstanceFilesFigures extends FolderFigures {
  readonly hookRuns: number;
  readonly hookFailures: number;
}

const longestRetryMs = 30_000;
const untilAskedMs: number = 2 ** 31 - 1;

/**
 * Keeps one file per app and port in a directory as the newest table has it. Only what changed is written, and only files
 * that are ours are touched; what fails is reported and tried again while everything else goes on.
 */
export class InstanceFiles implements AsyncDisposable {
  readonly #options: InstanceFilesOptions;
  readonly #wanted: WantedFiles;
  readonly #folder: InstanceFolder;
  readonly #hook: HookRunner | undefined;
  readonly #backoff: Backoff;
  readonly #alarm = new Alarm();
  readonly #life = new AbortController();
  readonly #loop: Promise<void>;
  #newest: Table = emptyTable;
  #isHookDue = true;
  #isWhole = true;
  #problems: readonly Problem[] = [];

  private constructor(options: InstanceFilesOptions) {
    const { directory, hook = [], hookTimeoutMs = 10_000, retryMs = 1000 } = options;
    const { random, logger, naming = "readme", checkOf = () => undefined } = options;
    this.#options = options;
    this.#wanted = new WantedFiles({ naming, checkOf });
    this.#folder = new InstanceFolder(directory);
    if (hook.length > 0)
      this.#hook = new HookRunner({ command: hook, timeoutMs: hookTimeoutMs, logger });
    this.#backoff = new Backoff({ firstMs: retryMs, capMs: longestRetryMs, random });
    this.#loop = this.#run(this.#life.signal);
  }

  /** Waits for tables; a directory that cannot be used becomes a problem then, not an error. */
  static open(options: InstanceFilesOptions): InstanceFiles {
    return new InstanceFiles(options);
  }

  /** Takes the place of any table that has not been written yet. */
  publish(table: Table): void {
    this.#newest = table;
    this.#alarm.ring();
  }

  /** What is wrong now. */
  problems(): readonly Problem[] {
    return this.#problems;
  }

  figures(): InstanceFilesFigures {
    const hook = { hookRuns: this.#hook?.runs ?? 0, hookFailures: this.#hook?.failures ?? 0 };
    return { ...this.#folder.figures(), ...hook };
  }

  /** The files stay. A file that is being written is finished, a hook that runs is killed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort();
    await this.#loop;
    await this.#hook?.[Symbol.asyncDispose]();
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const table = this.#newest;
      // Before the first answer of the sources nothing is known, which is not the same as no app.
      if (table.version > 0) await this.#follow(table, signal);
      if (this.#newest === table)
        await this.#alarm.wait(this.#isWhole ? untilAskedMs : this.#backoff.next(), signal);
    }
  }

  async #follow(table: Table, signal: AbortSignal): Promise<void> {
    const before = this.#folder.figures();
    const faults = await this.#folder.become(this.#wanted.of(table), signal);
    const { written, removed } = this.#folder.figures();
    this.#isHookDue ||= written + removed > before.written + before.removed;
    this.#became(faults.count === 0);
    this.#problems = [...this.#wanted.problems, ...faults.problems()];
    // Once at the start as well: we may have been stopped between a change and its hook.
    if (this.#isHookDue) this.#hook?.ask();
    this.#isHookDue = false;
  }

  #became(isWhole: boolean): void {
    const { directory, logger } = this.#options;
    if (isWhole) this.#backoff.reset();
    if (isWhole !== this.#isWhole && isWhole)
      logger.info("instance files are whole again", { directory });
    if (isWhole !== this.#isWhole && !isWhole)
      logger.warn("instance files cannot all be kept", { directory });
    this.#isWhole = isWhole;
  }
}
