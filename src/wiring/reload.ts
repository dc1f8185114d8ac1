import { differences, withLive } from "../config/differences.ts";
import type { ReadConfig } from "../config/read-config.ts";
import type { Config } from "../config/settings.ts";
import type { Logger } from "../model/logger.ts";

/** What of a running proxy a reload touches. */
interface Reloadable {
  reconfigure(config: Config): void;
  resync(): void;
}

export interface ReloadOptions {
  /** As it was started with. */
  readonly config: Config;
  /** Reads flags, environment and file once more. */
  readonly reread: () => ReadConfig;
  readonly logger: Logger & { setLevel(level: Config["logLevel"]): void };
}

/** Takes over what has changed in the configuration since it was read last, and looks at every source again. */
export class Reload {
  readonly #options: ReloadOptions;
  #config: Config;

  constructor(options: ReloadOptions) {
    this.#options = options;
    this.#config = options.config;
  }

  /** What applies now. */
  get config(): Config {
    return this.#config;
  }

  /** A configuration with problems changes nothing; what is not live is told and stays as it was. */
  apply(proxy: Reloadable): void {
    const { reread, logger } = this.#options;
    const read = reread();
    if (read.kind === "problems") {
      for (const problem of read.problems) logger.error("not reloaded", { problem });
    } else {
      this.#takeOver(read.config, proxy);
    }
    proxy.resync();
  }

  #takeOver(found: Config, proxy: Reloadable): void {
    const { logger } = this.#options;
    const changes = differences(this.#config, found);
    const texts = (isLive: boolean): string[] =>
      changes.filter((change) => change.isLive === isLive).map(({ text }) => text);
    const [live, late] = [texts(true), texts(false)];
    this.#config = withLive(this.#config, found);
    if (live.length > 0) {
      proxy.reconfigure(this.#config);
      logger.setLevel(this.#config.logLevel);
    }
    if (late.length > 0) logger.warn("a restart is needed for some settings", { changes: late });
    logger.info("reloaded", { changes: live });
  }
}
