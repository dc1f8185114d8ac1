import {
  isExcluded,
  weighted,
  weigher,
  type Candidate,
  type Picker,
  type PickerOptions,
} from "./picker.ts";

interface Seat<C> {
  readonly candidate: C;
  /** At this pick; 0 while it must not be picked. */
  weight: number;
}

/**
 * The power of two choices: of two candidates drawn by weight, the one with fewer connections per weight, else the one
 * drawn first. Nearly as even as least connections, without all proxies of a cluster running to the same idle replica
 * [Mitzenmacher 2001, "The power of two choices in randomized load balancing"].
 */
export class RandomTwoPicker<C extends Candidate> implements Picker<C> {
  readonly #seats: readonly Seat<C>[];
  readonly #options: PickerOptions<C>;
  readonly #weigh: (candidate: C) => number;

  constructor(candidates: readonly C[], options: PickerOptions<C>) {
    this.#seats = weighted(candidates).map((candidate) => ({ candidate, weight: 0 }));
    this.#options = options;
    this.#weigh = weigher(options);
  }

  pick(excluded: readonly C[]): C | undefined {
    const total = this.#weighAll(excluded);
    const first = this.#draw(total, undefined);
    if (first === undefined) return undefined;
    const second = this.#draw(total - first.weight, first);
    // No connection is counted in advance here: idle replicas must tie, or the heavier of two would get everything.
    const secondIsFreer = second !== undefined && this.#costOf(second) < this.#costOf(first);
    return secondIsFreer ? second.candidate : first.candidate;
  }

  over(candidates: readonly C[]): Picker<C> {
    return new RandomTwoPicker(candidates, this.#options);
  }

  #weighAll(excluded: readonly C[]): number {
    let total = 0;
    for (const seat of this.#seats) {
      seat.weight = isExcluded(seat.candidate, excluded) ? 0 : this.#weigh(seat.candidate);
      total += seat.weight;
    }
    return total;
  }

  /** One seat by weight, other than `taken`; `total` is the weight of those it may be. */
  #draw(total: number, taken: Seat<C> | undefined): Seat<C> | undefined {
    let left = this.#options.random() * total;
    let drawn: Seat<C> | undefined;
    for (const seat of this.#seats) {
      if (seat.weight === 0 || seat === taken) continue;
      // Rounding may leave a rest after the last one, who is then the drawn one.
      drawn = seat;
      left -= seat.weight;
      if (left < 0) break;
    }
    return drawn;
  }

  #costOf({ candidate, weight }: Seat<C>): number {
    return this.#options.loadOf(candidate) / weight;
  }
}
