import {
  isExcluded,
  weighted,
  weigher,
  type Candidate,
  type Picker,
  type PickerOptions,
} from "./picker.ts";

/**
 * The fewest connections per weight. The connection about to be made counts as a random part of one: of equal weights
 * the emptiest wins, ties go to any of them, and a lighter one, such as one that starts slowly, gets some of the
 * traffic even where all are idle, more the heavier it is.
 */
export class LeastConnPicker<C extends Candidate> implements Picker<C> {
  readonly #candidates: readonly C[];
  readonly #options: PickerOptions<C>;
  readonly #weigh: (candidate: C) => number;

  constructor(candidates: readonly C[], options: PickerOptions<C>) {
    this.#candidates = weighted(candidates);
    this.#options = options;
    this.#weigh = weigher(options);
  }

  pick(excluded: readonly C[]): C | undefined {
    const { loadOf, random } = this.#options;
    let best: C | undefined;
    let bestCost = Infinity;
    for (const candidate of this.#candidates) {
      const weight = isExcluded(candidate, excluded) ? 0 : this.#weigh(candidate);
      if (weight === 0) continue;
      const cost = (loadOf(candidate) + random()) / weight;
      if (cost >= bestCost) continue;
      best = candidate;
      bestCost = cost;
    }
    return best;
  }

  over(candidates: readonly C[]): Picker<C> {
    return new LeastConnPicker(candidates, this.#options);
  }
}
