import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { makePicker } from "../../src/routing/balancing/make-picker.ts";
import { RoundRobinPicker } from "../../src/routing/balancing/roundrobin.ts";
import { rampedWeight } from "../../src/routing/balancing/slow-start.ts";
import type { Picker } from "../../src/routing/balancing/picker.ts";
import { fake, fakeOptions, type Fake } from "../contract/picker-contract.ts";

const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
const weight = fc.oneof(
  fc.constantFrom(1, 500, 999, 1000),
  fc.integer({ min: 1, max: 20 }),
  fc.integer({ min: 1, max: 1000 }),
);

const fakes = fc
  .uniqueArray(fc.record({ key: fc.constantFrom(...names), weight }), {
    selector: ({ key }) => key,
    minLength: 1,
    maxLength: names.length,
  })
  .map((given) => given.map((one) => fake(one.key, { weight: one.weight })));

/** The most that any candidate is ever ahead of or behind its fair share within the next `turns` picks. */
function unfairness(picker: Picker<Fake>, candidates: readonly Fake[], turns: number): number {
  const total = candidates.reduce((sum, one) => sum + one.weight, 0);
  const got = new Map(candidates.map(({ key }) => [key, 0]));
  let worst = 0;
  for (let turn = 1; turn <= turns; turn += 1) {
    const picked = picker.pick([]);
    assert.ok(picked);
    got.set(picked.key, (got.get(picked.key) ?? 0) + 1);
    for (const one of candidates) {
      const fair = (turn * one.weight) / total;
      worst = Math.max(worst, Math.abs((got.get(one.key) ?? 0) - fair));
    }
  }
  return worst;
}

test("round robin: nobody is ever a whole turn ahead of or behind its fair share", () => {
  fc.assert(
    fc.property(fakes, (candidates) => {
      const worst = unfairness(new RoundRobinPicker(candidates, fakeOptions()), candidates, 300);
      assert.ok(worst < 1, `${worst}`);
    }),
    { numRuns: 300 },
  );
});

const change = fc.record({
  /** Undefined goes on with the candidates there are. */
  over: fc.option(fakes, { nil: undefined, freq: 4 }),
  full: fc.subarray(names),
  excluded: fc.subarray(names),
  picks: fc.nat({ max: 5 }),
});

test("round robin: whatever happened before, from then on nobody is ever far ahead of or behind its share", () => {
  fc.assert(
    fc.property(fakes, fc.array(change, { maxLength: 40 }), (given, changes) => {
      let candidates = given;
      let picker: Picker<Fake> = new RoundRobinPicker(candidates, fakeOptions());
      for (const { over, full, excluded, picks } of changes) {
        if (over !== undefined) {
          candidates = over.map((one) => ({ ...one }));
          picker = picker.over(candidates);
        }
        for (const one of candidates) one.full = full.includes(one.key);
        for (let done = 0; done < picks; done += 1) picker.pick(excluded.map((key) => fake(key)));
      }
      for (const one of candidates) one.full = false;
      // One turn that it was owed or owed to others before, one of its own, and a half for those who took theirs along.
      const worst = unfairness(picker, candidates, 200);
      assert.ok(worst < 2.5, `${worst}`);
    }),
    { numRuns: 300 },
  );
});

test("least connections: of equal weights it never takes one that is not the emptiest", () => {
  const loads = fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(loads, fc.integer(), (given, seed) => {
      const candidates = given.map((load, index) => fake(`${index}`, { load }));
      const picked = makePicker("leastconn", candidates, fakeOptions(seed)).pick([]);
      assert.equal(picked?.load, Math.min(...given));
    }),
  );
});

test("random2: never takes the fullest of equal weights while there is another", () => {
  const loads = fc.uniqueArray(fc.nat({ max: 40 }), { minLength: 2, maxLength: 8 });
  fc.assert(
    fc.property(loads, fc.integer(), (given, seed) => {
      const candidates = given.map((load, index) => fake(`${index}`, { load }));
      const picked = makePicker("random2", candidates, fakeOptions(seed)).pick([]);
      assert.ok(picked && picked.load < Math.max(...given));
    }),
  );
});

test("first: what is picked has nobody before it that could be", () => {
  fc.assert(
    fc.property(fakes, fc.subarray(names), fc.subarray(names), (candidates, full, excluded) => {
      for (const one of candidates) one.full = full.includes(one.key);
      const can = (key: string): boolean => !full.includes(key) && !excluded.includes(key);
      const want = candidates
        .map(({ key }) => key)
        .toSorted()
        .find(can);
      const without = excluded.map((key) => fake(key));
      assert.equal(makePicker("first", candidates, fakeOptions()).pick(without)?.key, want);
    }),
  );
});

const ramp = fc.record({
  weight: fc.integer({ min: 0, max: 1000 }),
  slowStartMs: fc.integer({ min: 0, max: 600_000 }),
});
const age = fc.double({ min: -1000, max: 700_000, noNaN: true });

test("slow start: never falls, stays between 1 and the weight, and ends at it; 0 stays 0", () => {
  fc.assert(
    fc.property(ramp, age, age, (given, one, other) => {
      const [before, after] = [Math.min(one, other), Math.max(one, other)].map((ageMs) =>
        rampedWeight({ ...given, ageMs }),
      );
      assert.ok(before !== undefined && after !== undefined);
      assert.ok(before <= after, `${before} > ${after}`);
      assert.ok(before >= Math.min(1, given.weight) && after <= given.weight);
      assert.equal(rampedWeight({ ...given, ageMs: given.slowStartMs }), given.weight);
    }),
  );
});

test("slow start: goes up in a straight line", () => {
  fc.assert(
    fc.property(ramp, fc.double({ min: 0, max: 1, noNaN: true }), (given, part) => {
      fc.pre(given.weight > 0 && given.slowStartMs > 0);
      const got = rampedWeight({ ...given, ageMs: part * given.slowStartMs });
      assert.ok(Math.abs(got - (1 + part * (given.weight - 1))) < 1e-6, `${got}`);
    }),
  );
});
