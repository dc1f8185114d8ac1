import type { Config } from "../config/settings.ts";
import type { Logger } from "../model/logger.ts";
import type { Problem } from "../model/problem.ts";
import type { Service } from "../model/service.ts";
import type { PublishedFigures } from "../observe/published-families.ts";
import { StateFile, type SavedState } from "../publish/state-file.ts";
import { diffRoutes, type RouteChange } from "../routing/diff.ts";
import { emptyTable, type Table } from "../routing/table.ts";
import type { WorkerPool } from "../workers/pool.ts";
import { Publishers } from "./publishers.ts";

export interface OutletsOptions {
  readonly config: Config;
  readonly version: string;
  readonly logger: Logger;
  readonly clock: () => number;
  readonly random: () => number;
  readonly pool: Pick<WorkerPool, "apply">;
  /** The newest table. */
  readonly table: () => Table;
}

/**
 * Where tables go: to the workers, to those who ask us for them, and into files. Nothing goes anywhere before it is opened,
 * so that a portolan that is to take over can be complete before it serves, and writes nothing that another one still does.
 */
export class Outlets implements AsyncDisposable {
  readonly #options: OutletsOptions;
  readonly #stateFile: StateFile | undefined;
  #publishers: Publishers | undefined;
  #serves = false;
  #writes = false;
  #heard: readonly Service[] | undefined;

  constructor(options: OutletsOptions) {
    const { config, logger, clock } = options;
    this.#options = options;
    const { stateFile: path } = config;
    if (path !== undefined) this.#stateFile = new StateFile({ path, logger, clock });
  }

  /** What the sources said before we were started; undefined when nothing is known. */
  restored(): SavedState | undefined {
    return this.#stateFile?.load();
  }

  /** Opens ports of our own, and serves the newest table and all later ones; rejects when a port is taken. */
  async serve(): Promise<void> {
    this.#publishers = await Publishers.open(this.#options);
    this.#serves = true;
    const table = this.#options.table();
    if (table.version > 0) this.#serve(table, diffRoutes(emptyTable.routes, table.routes));
  }

  /** Writes files from now on. */
  write(): void {
    this.#writes = true;
    if (this.#heard !== undefined) this.#stateFile?.save(this.#heard);
    const table = this.#options.table();
    if (table.version > 0) this.#publishers?.write(table);
  }

  publish(table: Table, changes: readonly RouteChange[]): void {
    if (this.#serves) this.#serve(table, changes);
  }

  /** Takes what the sources say. */
  heard(services: readonly Service[]): void {
    this.#heard = services;
    if (this.#writes) this.#stateFile?.save(services);
  }

  problems(): readonly Problem[] {
    return this.#publishers?.problems() ?? [];
  }

  /** What files and answers have come to so far. */
  figures(): PublishedFigures {
    return this.#publishers?.figures() ?? { files: undefined, dns: [] };
  }

  /** Ends writing and answering; the workers go on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#writes = false;
    await this.#publishers?.[Symbol.asyncDispose]();
    await this.#stateFile?.[Symbol.asyncDispose]();
  }

  #serve(table: Table, changes: readonly RouteChange[]): void {
    this.#options.pool.apply(table, changes);
    this.#publishers?.answer(table);
    if (this.#writes) this.#publishers?.write(table);
  }
}
