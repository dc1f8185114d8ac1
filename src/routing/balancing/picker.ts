/** What a picker must know of a replica. */
export interface Candidate {
  readonly key: string;
  /** Share of the traffic relative to its siblings, 0–1000; 0 gets none. */
  readonly weight: number;
}

/**
 * Chooses a replica for each connection. It is made anew from its predecessor when the replicas change, so that a
 * rotation goes on where it was; between changes its candidates are fixed.
 */
export interface Picker<C extends Candidate> {
  /**
   * A candidate that has weight, is admitted and is not in `excluded`, or undefined when there is none. Candidates are
   * told apart by key, so one that was tried before a change stays excluded after it. `client` is the client's IP
   * address as text; only `source` looks at it.
   */
  pick(excluded: readonly C[], client?: string): C | undefined;
  /** The same policy over other candidates. */
  over(candidates: readonly C[]): Picker<C>;
}

/** What a policy asks about its candidates at the moment of a pick; none of it may change in the middle of one. */
export interface PickerOptions<C> {
  /** Connections a candidate has now, over all workers. */
  readonly loadOf: (candidate: C) => number;
  /** A uniform number in [0, 1). */
  readonly random: () => number;
  /** False while a candidate is full or ejected. Default: always true. */
  readonly admits?: (candidate: C) => boolean;
  /** Its weight now, which slow start lowers; 0 keeps it out. Default: the candidate's own weight. */
  readonly weightOf?: (candidate: C) => number;
}

/** Drops candidates that may never be picked, and puts the others in the order of their keys. */
export function weighted<C extends Candidate>(candidates: readonly C[]): C[] {
  return candidates
    .filter(({ weight }) => weight > 0)
    .toSorted((one, other) => (one.key < other.key ? -1 : 1));
}

/** Gives a candidate's weight now, or 0 while it must not be picked. */
export function weigher<C extends Candidate>({
  admits,
  weightOf,
}: PickerOptions<C>): (candidate: C) => number {
  return (candidate) => {
    if (admits !== undefined && !admits(candidate)) return 0;
    const weight = weightOf === undefined ? candidate.weight : weightOf(candidate);
    return weight > 0 ? weight : 0;
  };
}

/** True when `excluded` has a candidate of the same key. */
export function isExcluded<C extends Candidate>({ key }: C, excluded: readonly C[]): boolean {
  for (const one of excluded) if (one.key === key) return true;
  return false;
}
