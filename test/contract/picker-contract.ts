import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import type { Picker, PickerOptions } from "../../src/routing/balancing/picker.ts";

export interface Fake {
  readonly key: string;
  readonly weight: number;
  load: number;
  full: boolean;
  /** What is left of its weight while it starts slowly. */
  share: number;
}

export type MakePicker = (
  candidates: readonly Fake[],
  options: PickerOptions<Fake>,
) => Picker<Fake>;

/** An idle candidate, admitted, with its whole weight. */
export function fake(key: string, given: Partial<Fake> = {}): Fake {
  return { key, weight: 500, load: 0, full: false, share: 1, ...given };
}

/** Reads everything from the candidates, and the same chances from each seed. */
export function fakeOptions(seed = 1): PickerOptions<Fake> {
  return {
    loadOf: ({ load }) => load,
    random: seeded(seed),
    admits: ({ full }) => !full,
    weightOf: ({ weight, share }) => weight * share,
  };
}

/** The generator known as mulberry32: uniform in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const keys = ["a", "b", "c", "d", "e"];

const candidates = fc.uniqueArray(
  fc.record({
    key: fc.constantFrom(...keys),
    weight: fc.oneof(fc.constantFrom(0, 1, 1000), fc.integer({ min: 0, max: 1000 })),
    load: fc.nat({ max: 20 }),
    full: fc.boolean(),
    share: fc.constantFrom(0, 0.001, 0.5, 1),
  }),
  { selector: ({ key }) => key, maxLength: keys.length },
);

const step = fc.record({
  /** Undefined goes on with the candidates there are. */
  over: fc.option(candidates, { nil: undefined }),
  excluded: fc.subarray(keys),
  full: fc.subarray(keys),
  client: fc.option(fc.ipV4(), { nil: undefined }),
});

/** What may be picked, said as plainly as possible. */
function eligible(given: readonly Fake[], excluded: readonly string[]): Fake[] {
  return given.filter(
    ({ key, weight, full, share }) => weight * share > 0 && !full && !excluded.includes(key),
  );
}

/** Everything that holds for every balancing policy. */
export function pickerContract(name: string, make: MakePicker): void {
  void suite(`picker ${name}`, () => {
    test("picks one whenever one has weight, is admitted and is not excluded, and never another", () => {
      fc.assert(
        fc.property(candidates, fc.subarray(keys), fc.ipV4(), (given, excluded, client) => {
          const without = given.filter(({ key }) => excluded.includes(key));
          const picked = make(given, fakeOptions()).pick(without, client);
          const rest = eligible(given, excluded);
          if (picked === undefined) assert.deepEqual(rest, []);
          else assert.ok(rest.includes(picked));
        }),
      );
    });

    test("still does after any history of changes, full candidates and retries", () => {
      fc.assert(
        fc.property(candidates, fc.array(step, { maxLength: 30 }), (given, steps) => {
          let present: readonly Fake[] = given;
          let picker = make(present, fakeOptions());
          for (const { over, excluded, full, client } of steps) {
            if (over !== undefined) {
              present = over;
              picker = picker.over(present);
            }
            for (const one of present) one.full = full.includes(one.key);
            // Never the same objects: what was tried may come from before a change.
            const picked = picker.pick(
              excluded.map((key) => fake(key)),
              client,
            );
            const rest = eligible(present, excluded);
            if (picked === undefined) assert.deepEqual(rest, []);
            else assert.ok(rest.includes(picked), picked.key);
          }
        }),
      );
    });

    test("a change of candidates never makes it pick one that left", () => {
      const [one, two] = [fake("a"), fake("b")];
      const picker = make([one, two], fakeOptions());
      picker.pick([]);
      const rest = picker.over([two]);
      for (let count = 0; count < 5; count += 1) assert.equal(rest.pick([]), two);
      assert.equal(rest.over([]).pick([]), undefined);
    });

    test("needs no more than loads and chance", () => {
      const { loadOf, random } = fakeOptions();
      const [idle, drained] = [fake("b"), fake("a", { weight: 0, full: true })];
      const picker = make([drained, idle], { loadOf, random });
      assert.equal(picker.pick([]), idle);
      assert.equal(picker.pick([idle]), undefined);
    });

    test("never picks a drained one, whatever is said of its weight now", () => {
      const options = { ...fakeOptions(), weightOf: () => 100 };
      assert.equal(make([fake("a", { weight: 0 })], options).pick([], "10.0.0.1"), undefined);
      const none = { ...fakeOptions(), weightOf: () => Number.NaN };
      assert.equal(make([fake("a")], none).pick([], "10.0.0.1"), undefined);
    });
  });
}

/** Picks `count` times and leaves every connection where it was put. */
export function hold(picker: Picker<Fake>, count: number): void {
  for (let done = 0; done < count; done += 1) {
    const picked = picker.pick([]);
    assert.ok(picked);
    picked.load += 1;
  }
}

/** How often each key is picked when every connection ends before the next one comes. */
export function tallyPicks(picker: Picker<Fake>, count: number): Map<string, number> {
  const picks = new Map<string, number>();
  for (let done = 0; done < count; done += 1) {
    const picked = picker.pick([]);
    assert.ok(picked);
    picks.set(picked.key, (picks.get(picked.key) ?? 0) + 1);
  }
  return picks;
}
