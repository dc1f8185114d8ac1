import type { BalancePolicy } from "../../model/policy.ts";
import { LeastConnPicker, type LeastConnOptions } from "./leastconn.ts";
import type { Candidate, Picker } from "./picker.ts";
import { RoundRobinPicker } from "./roundrobin.ts";

/** A picker of the given policy. */
export function makePicker<C extends Candidate>(
  policy: BalancePolicy,
  candidates: readonly C[],
  options: LeastConnOptions<C>,
): Picker<C> {
  switch (policy) {
    case "leastconn":
      return new LeastConnPicker(candidates, options);
    case "roundrobin":
      return new RoundRobinPicker(candidates);
  }
}
