import { weighted, type Candidate, type Picker } from "./picker.ts";

/**
 * Smooth weighted round robin: each turn every candidate gains its weight, the richest is picked and pays the sum.
 * Credits belong to keys and survive a change of candidates, so a rotation does not start over.
 */
export class RoundRobinPicker<C extends Candidate> implements Picker<C> {
  readonly #candidates: readonly C[];
  readonly #credits: Map<string, number>;

  constructor(candidates: readonly C[], credits: ReadonlyMap<string, number> = new Map()) {
    this.#candidates = weighted(candidates);
    this.#credits = new Map(this.#candidates.map(({ key }) => [key, credits.get(key) ?? 0]));
  }

  pick(excluded: readonly C[]): C | undefined {
    let best: C | undefined;
    let bestCredit = -Infinity;
    let total = 0;
    for (const candidate of this.#candidates) {
      if (excluded.includes(candidate)) continue;
      total += candidate.weight;
      const credit = (this.#credits.get(candidate.key) ?? 0) + candidate.weight;
      this.#credits.set(candidate.key, credit);
      if (credit > bestCredit) {
        best = candidate;
        bestCredit = credit;
      }
    }
    if (best !== undefined) this.#credits.set(best.key, bestCredit - total);
    return best;
  }

  over(candidates: readonly C[]): Picker<C> {
    return new RoundRobinPicker(candidates, this.#credits);
  }
}
