/** What a picker must know of a replica. */
export interface Candidate {
  readonly key: string;
  /** Share of the traffic relative to its siblings; 0 gets none. */
  readonly weight: number;
}

/**
 * Chooses a replica for each connection. It is made anew from its predecessor when the replicas change, so that a
 * rotation goes on where it was; between changes its candidates are fixed.
 */
export interface Picker<C extends Candidate> {
  /** A candidate that is not in `excluded` and has weight, or undefined when there is none. */
  pick(excluded: readonly C[]): C | undefined;
  /** The same policy over other candidates. */
  over(candidates: readonly C[]): Picker<C>;
}

/** Drops candidates that may not be picked. */
export function weighted<C extends Candidate>(candidates: readonly C[]): C[] {
  return candidates.filter(({ weight }) => weight > 0);
}
