import type { Config } from "../config/settings.ts";
import type { Logger } from "../model/logger.ts";
import type { Problem } from "../model/problem.ts";
import type { Route, Table } from "../routing/table.ts";
import { EphemeralPorts } from "../workers/ephemeral-ports.ts";
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
  readonly #logger: Logger;
  readonly #ephemeral = EphemeralPorts.read();
  #hasWarned = false;

  constructor({ config, ...rest }: UpkeepOptions) {
    this.#pool = rest.pool;
    this.#logger = rest.logger;
    this.#isServing = rest.isServing;
    this.memory = new MemoryGuard({ ...rest, shedAt: config.shedMemoryAt, read: readMemoryUse });
    this.#listeners = new ListenerGuard({ ...rest, sockets: new ListeningSockets() });
  }

  /** Goes on until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const settled = settle(this.#isServing, signal);
    await Promise.all([this.memory.run(signal), this.#listeners.run(signal), settled]);
  }

  /** Warns, once, of service ports that a connection may have taken when they are to be bound. */
  serves({ routes }: Table): void {
    if (this.#hasWarned) return;
    const warning = this.#ephemeral.warning(routes.map(({ port }) => port));
    if (warning === undefined) return;
    this.#hasWarned = true;
    this.#logger.warn("the kernel may lend service ports to outgoing connections", { ...warning });
  }

  /** What is wrong with ports and with what there is to forward with; the routes name the apps that want the ports. */
  problems(routes: readonly Route[]): Problem[] {
    const apps = new Map(routes.map(({ key, app }) => [key, app]));
    const appOf = (key: string): string => apps.get(key) ?? key;
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
