import type { Writable } from "node:stream";
import { sleep } from "../async/sleep.ts";
import type { Config } from "../config/settings.ts";
import type { Certificate } from "../model/gateway.ts";
import type { Logger } from "../model/logger.ts";
import type { Problem } from "../model/problem.ts";
import { AccessLog } from "../observe/access-log.ts";
import { certifiedNames } from "../routing/certified-names.ts";
import type { Table } from "../routing/table.ts";
import type { WorkerPool } from "../workers/pool.ts";
import { Certificates } from "./certificates.ts";

interface Surroundings {
  readonly config: Config;
  readonly logger: Logger;
  readonly accessOutput: Writable;
  readonly clock: () => number;
}

/** A little longer than workers gather, in ms. */
const lastLinesMs = 200;

/** What ports of host names have beside them in the control plane: their certificates, and the log of what came in. */
export class GatewayParts implements AsyncDisposable {
  readonly accessLog: AccessLog;
  readonly #surroundings: Surroundings;
  #certificates: Certificates | undefined;
  #isCertified = certifiedNames([]);
  /** Ends with the signal that `open` was given. */
  #following: Promise<void> | undefined;
  #named: Table | undefined;
  #names: ReadonlyMap<string, string> = new Map();

  constructor(surroundings: Surroundings, table: () => Table) {
    const { config, accessOutput: destination, clock } = surroundings;
    this.#surroundings = surroundings;
    // A service may want its lines even where others have none.
    const format = config.accessLog === "off" ? "json" : config.accessLog;
    const nameOf = (key: string): string | undefined => this.#namesIn(table()).get(key);
    this.accessLog = new AccessLog({ format, destination, clock, nameOf });
  }

  /** True for a host name, exact or `*.suffix`, that there is a certificate for. */
  get isCertified(): (name: string) => boolean {
    return this.#isCertified;
  }

  /**
   * Tells the workers of certificates until the signal aborts, and then says that other names are `certified`; settles when
   * they have been read once.
   */
  async open(
    pool: Pick<WorkerPool, "certify">,
    certified: () => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { config, logger, clock } = this.#surroundings;
    const { tlsCertDir: folder } = config;
    if (folder === undefined) return;
    const changed = (all: readonly Certificate[]): void => {
      this.#isCertified = certifiedNames(all.flatMap(({ names }) => names));
      pool.certify(all);
      certified();
    };
    this.#certificates = new Certificates({ folder, logger, clock, changed });
    await this.#certificates.look();
    this.#following = this.#certificates.run(signal);
  }

  /** Reads the certificates now. */
  resync(): void {
    this.#certificates?.resync();
  }

  /** Waits for what workers have gathered of the access log, where there is one. */
  async lastLines(signal: AbortSignal): Promise<void> {
    if (this.#surroundings.config.accessLog !== "off") await sleep(lastLinesMs, signal);
  }

  problems(): readonly Problem[] {
    return this.#certificates?.problems ?? [];
  }

  /** What services are called in the log and in metrics; made anew only for another table. */
  #namesIn(table: Table): ReadonlyMap<string, string> {
    if (this.#named !== table) {
      this.#named = table;
      this.#names = new Map(table.routes.map(({ key, name, port }) => [key, `${name}:${port}`]));
    }
    return this.#names;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#following;
    await this.accessLog[Symbol.asyncDispose]();
  }
}
