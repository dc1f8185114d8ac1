import {
  isExcluded,
  weighted,
  weigher,
  type Candidate,
  type Picker,
  type PickerOptions,
} from "./picker.ts";

/**
 * The first admitted candidate by key: each is filled up to its limit before the next gets anything, and without
 * limits one replica gets everything. How large a weight is does not matter.
 */
export class FirstPicker<C extends Candidate> implements Picker<C> {
  readonly #candidates: readonly C[];
  readonly #options: PickerOptions<C>;
  readonly #weigh: (candidate: C) => number;

  constructor(candidates: readonly C[], options: PickerOptions<C>) {
    this.#candidates = weighted(candidates);
    this.#options = options;
    this.#weigh = weigher(options);
  }

  pick(excluded: readonly C[]): C | undefined {
    for (const candidate of this.#candidates) {
      if (!isExcluded(candidate, excluded) && this.#weigh(candidate) > 0) return candidate;
    }
    return undefined;
  }

  over(candidates: readonly C[]): Picker<C> {
    return new FirstPicker(candidates, this.#options);
  }
}
