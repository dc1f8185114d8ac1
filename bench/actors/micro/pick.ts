import { balancePolicies } from "../../../src/model/policy.ts";
import { makePicker } from "../../../src/routing/balancing/make-picker.ts";
import { type MicroCase, Sink } from "./micro-case.ts";

const picks = 10_000;

/** One choice of a replica among 10 and among 1,000, by each policy. */
export function makePickCases(): MicroCase[] {
  const sink = new Sink();
  return balancePolicies.flatMap((policy) =>
    [10, 1000].map((count) => {
      const candidates = Array.from({ length: count }, (_, index) => {
        return { key: `10.0.0.1:${index + 1}`, weight: 500, load: index % 7 };
      });
      const loadOf = ({ load }: { readonly load: number }): number => load;
      const picker = makePicker(policy, candidates, { loadOf, random: Math.random });
      const operations = count === 10 ? picks : picks / 100;
      const run = (): void => {
        for (let pick = 0; pick < operations; pick += 1) sink.take(picker.pick([], "192.0.2.7"));
      };
      return { name: `pick ${policy}, ${count} replicas`, operations, run };
    }),
  );
}
