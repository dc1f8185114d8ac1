import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import type { Picker } from "../../src/routing/balancing/picker.ts";

export interface Fake {
  readonly key: string;
  readonly weight: number;
  load: number;
}

/** Everything that holds for every balancing policy. */
export function pickerContract(
  name: string,
  make: (candidates: readonly Fake[]) => Picker<Fake>,
): void {
  const candidates = fc.uniqueArray(
    fc.record({
      key: fc.constantFrom("a", "b", "c", "d"),
      weight: fc.integer({ min: 0, max: 1000 }),
      load: fc.constant<number>(0),
    }),
    { selector: ({ key }) => key, maxLength: 4 },
  );

  void suite(`picker ${name}`, () => {
    test("picks only a candidate with weight that is not excluded, and picks one whenever there is one", () => {
      fc.assert(
        fc.property(candidates, fc.subarray(["a", "b", "c", "d"]), (given, keys) => {
          const excluded = given.filter(({ key }) => keys.includes(key));
          const eligible = given.filter(
            (one) => one.weight > 0 && !excluded.some(({ key }) => key === one.key),
          );
          const picked = make(given).pick(excluded);
          if (picked === undefined) assert.deepEqual(eligible, []);
          else assert.ok(eligible.some(({ key }) => key === picked.key));
        }),
      );
    });

    test("shares connections that stay by weight, within one of fair", () => {
      const given = [
        { key: "a", weight: 500, load: 0 },
        { key: "b", weight: 250, load: 0 },
        { key: "c", weight: 250, load: 0 },
      ];
      const picker = make(given);
      for (let count = 0; count < 400; count += 1) {
        const picked = picker.pick([]);
        assert.ok(picked);
        picked.load += 1;
      }
      for (const { weight, load } of given)
        assert.ok(Math.abs(load - (400 * weight) / 1000) <= 1, `${load}`);
    });

    test("a change of candidates never makes it pick one that left", () => {
      const one = { key: "a", weight: 1, load: 0 };
      const two = { key: "b", weight: 1, load: 0 };
      const picker = make([one, two]);
      picker.pick([]);
      const rest = picker.over([two]);
      for (let count = 0; count < 5; count += 1) assert.equal(rest.pick([]), two);
      assert.equal(rest.over([]).pick([]), undefined);
    });
  });
}
