import { isAbort, sleep } from "../async/sleep.ts";
import type { Logger } from "../model/logger.ts";
import type { MemoryFigures, MemoryUse } from "../model/memory.ts";
import type { Problem } from "../model/problem.ts";
import type { CounterMemory } from "./counter-memory.ts";
import type { Order } from "./messages.ts";
import { admitted, shed, untilNextLook, type Shedding } from "./shedding.ts";

export interface MemoryGuardOptions {
  /** Percent of the memory there may be at which connections are shed; 0 for never. */
  readonly shedAt: number;
  /** Undefined where there is no limit. */
  readonly read: () => MemoryUse | undefined;
  readonly pool: ShedPool;
  readonly logger: Logger;
  /** Told when problems have changed. */
  readonly changed: () => void;
}

/** What the guard asks of those who forward. */
interface ShedPool {
  readonly memory: Pick<CounterMemory, "admit" | "closed" | "process">;
  tell(order: Extract<Order, { readonly kind: "shed" }>): void;
}

/** What is ended at a time, of all there are, and how long that may take to show, in ms. */
const [stepShare, stepMs] = [0.2, 500];

/** Of what is left of the limit where shedding begins, so much may be used before idle connections are ended, too. */
const idleAfter = 0.5;

/** Time between two looks for a limit where there is none, in ms: it may be set later. */
const unlimitedMs = 10_000;

const mebibyte = 1024 * 1024;

/** Looks at what memory is in use, and sheds connections before the kernel ends the process. */
export class MemoryGuard {
  readonly #options: MemoryGuardOptions;
  #state: Shedding = { kind: "open" };
  #use: MemoryUse | undefined;
  #orderedAt = -Infinity;

  constructor(options: MemoryGuardOptions) {
    this.#options = options;
  }

  /** Goes on until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#options.shedAt === 0) return;
    try {
      while (!signal.aborted) {
        const pauseMs = this.#look(performance.now());
        await sleep(pauseMs, signal);
      }
    } catch (error) {
      if (!isAbort(error, signal)) throw error;
    }
  }

  /** As of now; undefined where there is no limit. */
  figures(): MemoryFigures | undefined {
    const use = this.#options.read();
    return use === undefined ? undefined : { ...use, isShedding: this.#state.kind === "shedding" };
  }

  problems(): Problem[] {
    const { kind } = this.#state;
    if (kind === "open" || this.#use === undefined) return [];
    const { shedAt } = this.#options;
    const known = `${shedAt} % of the ${Math.round(this.#use.limit / mebibyte)} MiB there may be are in use`;
    const done =
      kind === "shedding"
        ? "newcomers are reset, and connections that stand still are ended"
        : "no connection that could be ended has them, so newcomers are taken; more memory is needed";
    return [{ kind: "limit-reached", subject: "memory", reason: `${known}: ${done}` }];
  }

  /** Returns the time until the next look, in ms. */
  #look(now: number): number {
    const { shedAt, read, pool } = this.#options;
    const use = read();
    this.#use = use;
    const at = shedAt / 100;
    const before = this.#state;
    const ended = before.kind === "open" ? 0 : pool.memory.closed("out-of-resources");
    this.#state = use === undefined ? { kind: "open" } : shed(before, { use, at, ended, now });
    const { active } = pool.memory.process();
    pool.memory.admit(use === undefined ? Infinity : admitted(this.#state, { use, at, active }));
    if (this.#state.kind !== before.kind) this.#turned(before);
    if (use === undefined) return unlimitedMs;
    if (this.#state.kind === "shedding") this.#shed(use, now);
    return untilNextLook(use, at);
  }

  #turned(before: Shedding): void {
    const { pool, logger, changed } = this.#options;
    if (before.kind === "shedding") pool.tell({ kind: "shed", share: 0, idleToo: false });
    if (this.#state.kind === "open") logger.info("memory is no longer short", { ...this.#use });
    changed();
  }

  #shed({ used, limit }: MemoryUse, now: number): void {
    if (now - this.#orderedAt < stepMs) return;
    this.#orderedAt = now;
    const at = this.#options.shedAt / 100;
    const idleToo = used / limit >= at + (1 - at) * idleAfter;
    this.#options.pool.tell({ kind: "shed", share: stepShare, idleToo });
  }
}
