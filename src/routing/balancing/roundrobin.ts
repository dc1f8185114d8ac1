import {
  isExcluded,
  weighted,
  weigher,
  type Candidate,
  type Picker,
  type PickerOptions,
} from "./picker.ts";

/** Where a rotation is: what each key is owed, in parts of `turn`, the weight of all who took part. */
interface Rotation {
  readonly credits: ReadonlyMap<string, number>;
  readonly turn: number;
}

/** Turns; far more than a candidate of the smallest weight waits for its own. */
const longerThanAny = 2 ** 32;

interface Seat<C> {
  readonly candidate: C;
  /** At this pick; 0 while it must not be picked. */
  weight: number;
  credit: number;
}

/**
 * Smooth weighted round robin: each turn every candidate gains its weight and the picked one pays the sum. Picked is,
 * of those who are owed something, the one who would first be owed a whole turn; so nobody is ever a turn ahead of or
 * behind its fair share, whatever the weights [Baruah et al. 1996, "Proportionate progress"].
 *
 * A candidate that is not admitted gains nothing and loses what it was owed, but goes on owing what it owes: it comes
 * back without a claim, so absence is never made up by a burst. One that is only excluded sits out a single turn.
 * Credits belong to keys and survive a change of candidates, so a rotation does not start over.
 */
export class RoundRobinPicker<C extends Candidate> implements Picker<C> {
  readonly #seats: readonly Seat<C>[];
  readonly #options: PickerOptions<C>;
  readonly #weigh: (candidate: C) => number;
  /** The weight of all admitted candidates at the last pick, 0 before the first: credits are parts of it. */
  #turn: number;

  constructor(candidates: readonly C[], options: PickerOptions<C>, before?: Rotation) {
    this.#seats = weighted(candidates).map((candidate) => {
      return { candidate, weight: 0, credit: before?.credits.get(candidate.key) ?? 0 };
    });
    this.#options = options;
    this.#weigh = weigher(options);
    this.#turn = before?.turn ?? 0;
  }

  pick(excluded: readonly C[]): C | undefined {
    this.#settle();
    let best: Seat<C> | undefined;
    let bestWait = Infinity;
    let price = 0;
    for (const seat of this.#seats) {
      if (seat.weight === 0 || isExcluded(seat.candidate, excluded)) continue;
      price += seat.weight;
      seat.credit += seat.weight;
      const wait = this.#waitOf(seat);
      if (best !== undefined && wait >= bestWait) continue;
      best = seat;
      bestWait = wait;
    }
    if (best !== undefined) best.credit -= price;
    return best?.candidate;
  }

  over(candidates: readonly C[]): Picker<C> {
    const credits = new Map(this.#seats.map(({ candidate, credit }) => [candidate.key, credit]));
    return new RoundRobinPicker(candidates, this.#options, { credits, turn: this.#turn });
  }

  /** Turns until it is owed a whole one; those who are owed nothing come after all who are. */
  #waitOf({ weight, credit }: Seat<C>): number {
    const wait = (this.#turn - credit) / weight;
    return credit > 0 ? wait : wait + longerThanAny;
  }

  /**
   * Weighs everyone and restates the credits for those who are here now: in parts of the present turn, since a claim
   * on a large turn would be many of a small one, and with the sum 0, so that a newcomer's 0 is neither poor nor rich.
   */
  #settle(): void {
    let turn = 0;
    let present = 0;
    let claims = 0;
    for (const seat of this.#seats) {
      seat.weight = this.#weigh(seat.candidate);
      if (seat.weight === 0) {
        seat.credit = Math.min(seat.credit, 0);
        continue;
      }
      turn += seat.weight;
      present += 1;
      claims += seat.credit;
    }
    if (present === 0) return;
    const scale = this.#turn === 0 ? 1 : turn / this.#turn;
    this.#turn = turn;
    if (scale === 1 && claims === 0) return;
    const mean = claims / present;
    for (const seat of this.#seats) {
      seat.credit = (seat.weight === 0 ? seat.credit : seat.credit - mean) * scale;
    }
  }
}
