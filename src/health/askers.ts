import type { ProbeTarget } from "./probes/probe.ts";
import { sharedTarget, type Question } from "./question.ts";

/** What a change of askers means for the probes. */
interface Change {
  /** Targets that are new, or asked in another way than before, by key. */
  readonly wanted: ReadonlyMap<string, ProbeTarget>;
  /** Keys that nobody asks any more. */
  readonly dropped: ReadonlySet<string>;
}

/** Who asks which question: equal ones are asked once, on behalf of all. */
export class Askers {
  /** By key; one entry for each replica of a service. */
  readonly #byKey = new Map<string, Question[]>();

  /** Some ask no longer, others begin. */
  exchange(left: readonly Question[], begun: readonly Question[]): Change {
    for (const question of left) this.#remove(question);
    for (const question of begun) this.#add(question);
    const wanted = new Map<string, ProbeTarget>();
    const dropped = new Set<string>();
    for (const key of new Set([...left, ...begun].map((question) => question.key))) {
      const [newest, ...others] = (this.#byKey.get(key) ?? []).map(({ target }) => target);
      if (newest !== undefined) wanted.set(key, sharedTarget([newest, ...others]));
      else if (this.#byKey.delete(key)) dropped.add(key);
    }
    return { wanted, dropped };
  }

  #add(question: Question): void {
    const askers = this.#byKey.get(question.key);
    if (askers === undefined) this.#byKey.set(question.key, [question]);
    else askers.unshift(question);
  }

  #remove(question: Question): void {
    const askers = this.#byKey.get(question.key) ?? [];
    const at = askers.indexOf(question);
    if (at >= 0) askers.splice(at, 1);
  }
}
