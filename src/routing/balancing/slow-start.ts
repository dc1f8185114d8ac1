export interface Ramp {
  /** The weight it is to reach. */
  readonly weight: number;
  /** How long it has been a candidate, in ms. */
  readonly ageMs: number;
  /** How long the way up takes, in ms; 0 for none. */
  readonly slowStartMs: number;
}

/** The weight of a replica during slow start: in a straight line from 1 to its own; 0, being drained, stays 0. */
export function rampedWeight({ weight, ageMs, slowStartMs }: Ramp): number {
  const age = Math.max(ageMs, 0);
  if (age >= slowStartMs) return weight;
  const floor = Math.min(1, weight);
  return floor + (weight - floor) * (age / slowStartMs);
}
