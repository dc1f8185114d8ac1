import type { Config } from "../config/settings.ts";
import type { Logger } from "../model/logger.ts";
import type { Problem } from "../model/problem.ts";
import { ListenerGuard } from "../workers/listener-guard.ts";
import { ListeningSockets } from "../workers/listening-sockets.ts";
import { MemoryGuard } from "../workers/memory-guard.ts";
import { readMemoryUse } from "../workers/memory-use.ts";
import type { WorkerPool } from "../workers/pool.ts";
import { settle } from "./settle.ts";

export interface UpkeepOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly pool: WorkerPool;
  /** Told when problems have changed. */
  readonly changed: () => void;
  /** True once a table is served. */
  readonly isServing: () => boolean;
}

/** What is looked after beside the traffic. */
export class Upkeep {
  readonly memory: MemoryGuard;
  readonly #pool: WorkerPool;
  readonly #listeners: ListenerGuard;
  readonly #isServing: () => boolean;

  constructor({ config, ...rest }: UpkeepOptions) {
    this.#pool = rest.pool;
    this.#isServing = rest.isServing;
    this.memory = new MemoryGuard({ ...rest, shedAt: config.shedMemoryAt, read: readMemoryUse });
    this.#listeners = new ListenerGuard({ ...rest, sockets: new ListeningSockets() });
  }

  /** Goes on until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const settled = settle(this.#isServing, signal);
    await Promise.all([this.memory.run(signal), this.#listeners.run(signal), settled]);
  }

  /** What is wrong with ports and with what there is to forward with; `appOf` names the app that wants a service key. */
  problems(appOf: (key: string) => string): Problem[] {
    const { bindings, budget, deaths, listeners } = this.#pool;
    return [
      ...bindings.problems(appOf),
      ...listeners.problems(),
      ...this.#listeners.problems(appOf),
      ...deaths.problems(performance.now()),
      ...budget.problems(performance.now()),
      ...this.memory.problems(),
    ];
  }
}
