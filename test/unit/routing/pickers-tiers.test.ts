import assert from "node:assert/strict";
import { test } from "node:test";
import type { Locality } from "../../../src/model/policy.ts";
import { makePicker } from "../../../src/routing/balancing/make-picker.ts";
import type { Picker } from "../../../src/routing/balancing/picker.ts";
import { rampedWeight } from "../../../src/routing/balancing/slow-start.ts";
import { TieredPicker, tiersOf } from "../../../src/routing/balancing/tiered.ts";
import { fake, fakeOptions, tallyPicks, type Fake } from "../../contract/picker-contract.ts";

const isLocal = ({ key }: Fake): boolean => key.startsWith("l");

function picker(locality: Locality, given: readonly Fake[]): Picker<Fake> {
  return makePicker("roundrobin", given, { ...fakeOptions(), locality, isLocal });
}

function order(from: Picker<Fake>, count: number): (string | undefined)[] {
  return Array.from({ length: count }, () => from.pick([])?.key);
}

test("prefer: local replicas take everything while one of them can, then others do, then they again", () => {
  const given = [fake("a"), fake("b"), fake("l1"), fake("l2")];
  const preferring = picker("prefer", given);
  assert.deepEqual(order(preferring, 4), ["l1", "l2", "l1", "l2"]);
  const [, , one, two] = given;
  assert.ok(one && two);
  one.full = true;
  assert.deepEqual(order(preferring, 2), ["l2", "l2"]);
  two.full = true;
  assert.deepEqual(order(preferring, 3), ["a", "b", "a"]);
  assert.equal(preferring.pick([fake("b")])?.key, "a");
  one.full = false;
  assert.deepEqual(order(preferring, 2), ["l1", "l1"]);
  assert.equal(preferring.pick([one])?.key, "b");
});

test("only: others get nothing, even when no local replica can", () => {
  const given = [fake("a"), fake("l1")];
  const local = picker("only", given);
  assert.deepEqual(order(local, 2), ["l1", "l1"]);
  assert.equal(local.pick(given.slice(1)), undefined);
  assert.equal(local.over(given.slice(0, 1)).pick([]), undefined);
  assert.equal(local.over([fake("l3"), ...given]).pick(given)?.key, "l3");
});

test("any: where a replica is does not matter", () => {
  const given = [fake("a"), fake("l1")];
  assert.deepEqual(order(picker("any", given), 3), ["a", "l1", "a"]);
  assert.deepEqual(order(makePicker("roundrobin", given, fakeOptions()), 3), ["a", "l1", "a"]);
  const [holds] = tiersOf("any", isLocal);
  assert.ok(holds && given.every(holds));
});

test("without a word on what is local, prefer is any and only has nobody", () => {
  const given = [fake("a"), fake("b")];
  const make = (locality: Locality): Picker<Fake> =>
    makePicker("roundrobin", given, { ...fakeOptions(), locality });
  assert.deepEqual(order(make("prefer"), 3), ["a", "b", "a"]);
  assert.equal(make("only").pick([]), undefined);
});

test("each tier goes on where it was when the replicas change", () => {
  const given = [fake("a"), fake("b"), fake("c"), fake("l1"), fake("l2"), fake("l3")];
  const before = picker("prefer", given);
  assert.deepEqual(order(before, 1), ["l1"]);
  assert.equal(before.pick(given.slice(3))?.key, "a");
  const after = before.over(given.map(({ key }) => fake(key)));
  assert.deepEqual(order(after, 2), ["l2", "l3"]);
  assert.equal(after.pick(given.slice(3))?.key, "b");
});

test("a tier is told who the client is", () => {
  const asked: (string | undefined)[] = [];
  const silent: Picker<Fake> = {
    pick: (_, client) => {
      asked.push(client);
      return undefined;
    },
    over: () => silent,
  };
  const tier = { holds: () => true, picker: silent };
  assert.equal(new TieredPicker([tier, tier]).pick([], "10.0.0.1"), undefined);
  assert.deepEqual(asked, ["10.0.0.1", "10.0.0.1"]);
});

for (const { given, want } of [
  { given: { weight: 500, ageMs: 0, slowStartMs: 10_000 }, want: 1 },
  { given: { weight: 501, ageMs: 5000, slowStartMs: 10_000 }, want: 251 },
  { given: { weight: 500, ageMs: 10_000, slowStartMs: 10_000 }, want: 500 },
  { given: { weight: 500, ageMs: 1e12, slowStartMs: 10_000 }, want: 500 },
  { given: { weight: 500, ageMs: -50, slowStartMs: 10_000 }, want: 1 },
  { given: { weight: 500, ageMs: 0, slowStartMs: 0 }, want: 500 },
  { given: { weight: 500, ageMs: -50, slowStartMs: 0 }, want: 500 },
  { given: { weight: 1, ageMs: 0, slowStartMs: 10_000 }, want: 1 },
  { given: { weight: 0, ageMs: 5000, slowStartMs: 10_000 }, want: 0 },
  { given: { weight: 0, ageMs: 5000, slowStartMs: 0 }, want: 0 },
]) {
  test(`slow start: ${given.weight} after ${given.ageMs} of ${given.slowStartMs} ms is ${want}`, () => {
    assert.equal(rampedWeight(given), want);
  });
}

for (const policy of ["leastconn", "roundrobin", "random2"] as const) {
  test(`${policy}: a new replica's share of short connections grows with its weight (R11)`, () => {
    const [old, added] = [fake("a"), fake("b")];
    const shares = [0.02, 0.25, 0.5, 1].map((share) => {
      added.share = share;
      return (
        (tallyPicks(makePicker(policy, [old, added], fakeOptions()), 2000).get("b") ?? 0) / 2000
      );
    });
    assert.deepEqual(
      shares,
      shares.toSorted((one, other) => one - other),
    );
    assert.ok((shares[0] ?? 1) <= 0.1, shares.join(" "));
    assert.ok(Math.abs((shares[3] ?? 0) - 0.5) <= 0.06, shares.join(" "));
  });
}
