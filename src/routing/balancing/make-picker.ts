import type { BalancePolicy, Locality } from "../../model/policy.ts";
import { FirstPicker } from "./first.ts";
import { LeastConnPicker } from "./leastconn.ts";
import type { Candidate, Picker, PickerOptions } from "./picker.ts";
import { RandomTwoPicker } from "./random2.ts";
import { RoundRobinPicker } from "./roundrobin.ts";
import { SourcePicker } from "./source.ts";
import { TieredPicker, tiersOf } from "./tiered.ts";

export interface MakePickerOptions<C> extends PickerOptions<C> {
  /** Default: `any`. */
  readonly locality?: Locality;
  /** True for a candidate on this host; asked once per set of candidates. Default: none is. */
  readonly isLocal?: (candidate: C) => boolean;
}

/** A picker of the given policy, applied within each tier of the given locality. */
export function makePicker<C extends Candidate>(
  policy: BalancePolicy,
  candidates: readonly C[],
  options: MakePickerOptions<C>,
): Picker<C> {
  const { locality = "any", isLocal = () => false } = options;
  if (locality === "any") return makeFlat(policy, candidates, options);
  const tiers = tiersOf(locality, isLocal).map((holds) => {
    return { holds, picker: makeFlat(policy, candidates.filter(holds), options) };
  });
  return new TieredPicker(tiers);
}

function makeFlat<C extends Candidate>(
  policy: BalancePolicy,
  candidates: readonly C[],
  options: PickerOptions<C>,
): Picker<C> {
  switch (policy) {
    case "leastconn":
      return new LeastConnPicker(candidates, options);
    case "roundrobin":
      return new RoundRobinPicker(candidates, options);
    case "random2":
      return new RandomTwoPicker(candidates, options);
    case "source":
      return new SourcePicker(candidates, options);
    case "first":
      return new FirstPicker(candidates, options);
  }
}
