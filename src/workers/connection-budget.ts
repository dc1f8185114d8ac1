import { repeat } from "../async/repeat.ts";
import type { Problem } from "../model/problem.ts";
import type { ConnectionFigures } from "../model/figures.ts";

const everyMs = 1000;

/** How long it stays a problem that clients were turned away, after the last one was, in ms. */
const recentMs = 60_000;

/** Notices when clients are turned away since the process, not their service, has no room for more connections. */
export class ConnectionBudget {
  readonly #read: () => ConnectionFigures;
  #refused = 0;
  #refusedAt = -Infinity;

  constructor(read: () => ConnectionFigures) {
    this.#read = read;
  }

  /** Looks again; true when a problem begins. `now` in ms of a clock that never goes back. */
  look(now: number): boolean {
    const { refused } = this.#read();
    if (refused === this.#refused) return false;
    const isNew = now - this.#refusedAt > recentMs;
    this.#refused = refused;
    this.#refusedAt = now;
    return isNew;
  }

  /** Looks every second until the signal aborts; `troubled` is told when a problem begins. */
  watch(signal: AbortSignal, troubled: () => void): Promise<void> {
    return repeat(everyMs, signal, () => {
      if (this.look(performance.now())) troubled();
    });
  }

  problems(now: number): Problem[] {
    if (now - this.#refusedAt > recentMs) return [];
    const { limit, isByMemory } = this.#read();
    const [bound, way] = isByMemory
      ? ["that memory has room for", "give it more memory"]
      : ["that the limit of descriptors allows", "raise the limit (ulimit -n)"];
    const reason = `all ${limit} connections ${bound} are in use: clients of any service are reset; ${way}`;
    return [{ kind: "limit-reached", subject: "connections", reason }];
  }
}
