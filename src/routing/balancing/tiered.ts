import type { Locality } from "../../model/policy.ts";
import type { Candidate, Picker } from "./picker.ts";

/** Candidates that are tried together, and their picker. */
export interface Tier<C extends Candidate> {
  readonly holds: (candidate: C) => boolean;
  readonly picker: Picker<C>;
}

/** Tries its tiers in order: a later one is asked only while those before it have nobody to give. */
export class TieredPicker<C extends Candidate> implements Picker<C> {
  readonly #tiers: readonly Tier<C>[];

  constructor(tiers: readonly Tier<C>[]) {
    this.#tiers = tiers;
  }

  pick(excluded: readonly C[], client?: string): C | undefined {
    for (const { picker } of this.#tiers) {
      const picked = picker.pick(excluded, client);
      if (picked !== undefined) return picked;
    }
    return undefined;
  }

  over(candidates: readonly C[]): Picker<C> {
    const tiers = this.#tiers.map(({ holds, picker }) => {
      return { holds, picker: picker.over(candidates.filter(holds)) };
    });
    return new TieredPicker(tiers);
  }
}

/** Which candidates each tier holds: all; local ones, then the others; local ones alone. */
export function tiersOf<C>(
  locality: Locality,
  isLocal: (candidate: C) => boolean,
): readonly ((candidate: C) => boolean)[] {
  switch (locality) {
    case "any":
      return [() => true];
    case "prefer":
      return [isLocal, (candidate) => !isLocal(candidate)];
    case "only":
      return [isLocal];
  }
}
