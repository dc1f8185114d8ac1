import { GoneTasks } from "../gone-tasks.ts";
import type { SourceState } from "../source.ts";
import { toState, type Leaf } from "./registrations.ts";
import type { Loss } from "./removals.ts";

/** The keys of the last look, and those that were announced as gone since they were seen. */
export class KnownKeys {
  #keys: ReadonlySet<string> = new Set();
  readonly #gone = new GoneTasks();

  /** The state that the leaves stand for; `announcedOf` says which of the keys that are missing the store itself took out. */
  async take(
    leaves: readonly Leaf[],
    source: string,
    announcedOf: (loss: Loss) => Promise<ReadonlySet<string>>,
  ): Promise<SourceState> {
    const present = new Set(leaves.map(({ key }) => key));
    const missing = this.#keys.difference(present);
    if (missing.size > 0) this.#gone.add(await announcedOf({ known: this.#keys.size, missing }));
    this.#keys = present;
    return { ...toState(leaves, source), confirmedGone: this.#gone.without(present) };
  }
}
