import { weighted, type Candidate, type Picker } from "./picker.ts";

export interface LeastConnOptions<C> {
  /** Connections a candidate has now, over all workers. */
  readonly loadOf: (candidate: C) => number;
  /** A uniform number in [0, 1), for ties. */
  readonly random: () => number;
}

/** The fewest connections per weight; ties go to a random one of them, so that idle replicas share evenly. */
export class LeastConnPicker<C extends Candidate> implements Picker<C> {
  readonly #candidates: readonly C[];
  readonly #options: LeastConnOptions<C>;

  constructor(candidates: readonly C[], options: LeastConnOptions<C>) {
    this.#candidates = weighted(candidates);
    this.#options = options;
  }

  pick(excluded: readonly C[]): C | undefined {
    const { loadOf, random } = this.#options;
    const count = this.#candidates.length;
    const start = Math.floor(random() * count);
    let best: C | undefined;
    let bestCost = Infinity;
    for (let step = 0; step < count; step += 1) {
      const candidate = this.#candidates[(start + step) % count];
      if (candidate === undefined || excluded.includes(candidate)) continue;
      // The connection about to be made counts too, so that weights matter when all are idle.
      const cost = (loadOf(candidate) + 1) / candidate.weight;
      if (cost < bestCost) {
        best = candidate;
        bestCost = cost;
      }
    }
    return best;
  }

  over(candidates: readonly C[]): Picker<C> {
    return new LeastConnPicker(candidates, this.#options);
  }
}
