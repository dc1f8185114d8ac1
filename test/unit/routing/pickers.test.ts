import assert from "node:assert/strict";
import { test } from "node:test";
import { balancePolicies } from "../../../src/model/policy.ts";
import { makePicker } from "../../../src/routing/balancing/make-picker.ts";
import {
  fake,
  fakeOptions,
  hold,
  pickerContract,
  tallyPicks,
} from "../../contract/picker-contract.ts";

for (const policy of balancePolicies) {
  pickerContract(policy, (candidates, options) => makePicker(policy, candidates, options));
  pickerContract(`${policy}, local first`, (candidates, options) =>
    makePicker(policy, candidates, {
      ...options,
      locality: "prefer",
      isLocal: ({ key }) => key >= "c",
    }),
  );
}

for (const { policy, tolerance } of [
  { policy: "roundrobin", tolerance: 1 },
  { policy: "leastconn", tolerance: 2 },
  // Two choices are not all choices: single random ones would be 14 apart (√200) more often than not.
  { policy: "random2", tolerance: 6 },
] as const) {
  test(`${policy} shares connections that stay by weight, at every moment within ${tolerance} of fair`, () => {
    const given = [fake("a", { weight: 1000 }), fake("b"), fake("c", { weight: 250 }), fake("d")];
    const picker = makePicker(policy, given, fakeOptions());
    for (let held = 1; held <= 900; held += 1) {
      hold(picker, 1);
      for (const { key, weight, load } of given) {
        const fair = (held * weight) / 2250;
        assert.ok(Math.abs(load - fair) <= tolerance, `${key}: ${load} of ${fair}`);
      }
    }
  });
}

test("least connections takes the emptiest per weight", () => {
  const [a, b, c] = [fake("a", { load: 3 }), fake("b", { load: 1 }), fake("c", { load: 2 })];
  const picker = makePicker("leastconn", [a, b, c], fakeOptions());
  assert.equal(picker.pick([]), b);
  assert.equal(picker.pick([b]), c);
  c.share = 0.1;
  assert.equal(picker.pick([b]), a);
});

test("least connections gives a lighter one some of the traffic even where all are idle", () => {
  const given = [fake("a"), fake("b", { weight: 100 })];
  const picks = tallyPicks(makePicker("leastconn", given, fakeOptions()), 5000);
  // A tenth of the chance to be the lesser of two random parts, five standard deviations either way.
  assert.ok(Math.abs((picks.get("b") ?? 0) - 500) <= 106, `${picks.get("b")}`);
});

test("least connections breaks ties evenly, also when the equals are not neighbours", () => {
  const given = [fake("a"), fake("b", { load: 5 }), fake("c"), fake("d")];
  const picks = tallyPicks(makePicker("leastconn", given, fakeOptions()), 3000);
  assert.equal(picks.get("b"), undefined);
  // Five standard deviations of a fair draw: 5 × √(3000 × ⅓ × ⅔) = 129.
  for (const key of ["a", "c", "d"])
    assert.ok(Math.abs((picks.get(key) ?? 0) - 1000) <= 129, `${key}: ${picks.get(key)}`);
});

test("random2 shares connections that end at once by weight, within the bounds of chance", () => {
  const given = [
    fake("a", { weight: 600 }),
    fake("b", { weight: 300 }),
    fake("c", { weight: 100 }),
  ];
  const count = 10_000;
  const picks = tallyPicks(makePicker("random2", given, fakeOptions(7)), count);
  for (const { key, weight } of given) {
    const share = weight / 1000;
    const bound = 5 * Math.sqrt(count * share * (1 - share));
    assert.ok(
      Math.abs((picks.get(key) ?? 0) - count * share) <= bound,
      `${key}: ${picks.get(key)}`,
    );
  }
});

test("random2 takes the freer of two by load per weight, else the one drawn first", () => {
  const [a, b, c] = [fake("a", { load: 2 }), fake("b", { load: 1 }), fake("c", { load: 9 })];
  const draws =
    (...chances: number[]): (() => number) =>
    () =>
      chances.shift() ?? 0;
  const pick = (...chances: number[]): string | undefined =>
    makePicker("random2", [a, b, c], { ...fakeOptions(), random: draws(...chances) }).pick([])?.key;
  assert.equal(pick(0, 0), "b");
  assert.equal(pick(0, 0.99), "a");
  assert.equal(pick(0.99, 0), "a");
  b.load = 2;
  assert.equal(pick(0, 0), "a");
  assert.equal(pick(0.4, 0), "b");
  b.share = 0.5;
  assert.equal(pick(0.4, 0), "a");
});

test("random2 draws the second of two by weight, too", () => {
  const given = [
    fake("a", { weight: 1000, load: 9000 }),
    fake("b", { weight: 300 }),
    fake("c", { weight: 100 }),
  ];
  const count = 4000;
  const picks = tallyPicks(makePicker("random2", given, fakeOptions(5)), count);
  // The fullest is drawn first in 1000 of 1400 draws and loses to a second that is `c` in one of four; else `b` or `c`
  // comes first, and its only idle rival can but tie.
  const share = (1000 / 1400) * 0.25 + 100 / 1400;
  const bound = 5 * Math.sqrt(count * share * (1 - share));
  assert.ok(Math.abs((picks.get("c") ?? 0) - count * share) <= bound, `${picks.get("c")}`);
});

test("random2 keeps many replicas within a few connections of each other", () => {
  const given = Array.from({ length: 50 }, (_, index) => fake(`r${index}`));
  hold(makePicker("random2", given, fakeOptions(3)), 10_000);
  const loads = given.map(({ load }) => load);
  // Single random choices would be about 60 apart.
  const spread = Math.max(...loads) - Math.min(...loads);
  assert.ok(spread <= 12, `${spread}`);
});

test("first fills one after the other in the order of keys, and goes back when there is room", () => {
  const given = [fake("c"), fake("a"), fake("b", { weight: 1 })];
  const limit = 2;
  const options = { ...fakeOptions(), admits: ({ load }: { load: number }) => load < limit };
  const picker = makePicker("first", given, options);
  const order: (string | undefined)[] = [];
  for (let count = 0; count < 7; count += 1) {
    const picked = picker.pick([]);
    if (picked !== undefined) picked.load += 1;
    order.push(picked?.key);
  }
  assert.deepEqual(order, ["a", "a", "b", "b", "c", "c", undefined]);
  for (const one of given) if (one.key !== "b") one.load = 1;
  assert.equal(picker.pick([])?.key, "a");
  assert.equal(picker.pick([fake("a")])?.key, "c");
  assert.equal(picker.over([...given, fake("0")]).pick([])?.key, "0");
});
