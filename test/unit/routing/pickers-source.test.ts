import assert from "node:assert/strict";
import { test } from "node:test";
import { fnv1a32, mix32 } from "../../../src/routing/balancing/hash.ts";
import { SourcePicker } from "../../../src/routing/balancing/source.ts";
import { fake, fakeOptions, type Fake } from "../../contract/picker-contract.ts";

function replicas(count: number, given: Partial<Fake> = {}): Fake[] {
  return Array.from({ length: count }, (_, index) => fake(`10.1.0.${index + 1}:31000`, given));
}

/** Addresses as a cluster has them: 40 networks of 250 hosts. */
function clients(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    return `10.0.${Math.floor(index / 250)}.${(index % 250) + 1}`;
  });
}

test("the hash is FNV-1a [draft-eastlake-fnv], finished as MurmurHash3 does", () => {
  assert.equal(fnv1a32(""), 0x811c9dc5);
  assert.equal(fnv1a32("a"), 0xe40c292c);
  assert.equal(fnv1a32("foobar"), 0xbf9cf968);
  assert.equal(fnv1a32("::ffff:foobar", 7), 0xbf9cf968);
  assert.equal(mix32(0), 0);
  assert.equal(mix32(1), 0x514e28b7);
  assert.equal(mix32(0xffffffff), 0x81f16f39);
});

test("mixing flips every bit of the result about half the time, whichever bit of the input flips", () => {
  for (let bit = 0; bit < 32; bit += 1) {
    const flips = Array.from({ length: 32 }, () => 0);
    for (let value = 0; value < 2000; value += 1) {
      const changed = mix32(value) ^ mix32(value ^ (1 << bit));
      for (let out = 0; out < 32; out += 1)
        flips[out] = (flips[out] ?? 0) + ((changed >>> out) & 1);
    }
    for (const count of flips) assert.ok(count > 700 && count < 1300, `bit ${bit}: ${count}`);
  }
});

test("the same client gets the same replica in every process", () => {
  const picker = new SourcePicker(replicas(5), fakeOptions());
  // Computed once by another program from the published definitions, not by the code under test.
  const want = {
    "10.0.0.1": "10.1.0.4:31000",
    "10.0.0.2": "10.1.0.2:31000",
    "127.0.0.1": "10.1.0.2:31000",
    "192.168.7.200": "10.1.0.4:31000",
    "2001:db8::1": "10.1.0.4:31000",
    "::1": "10.1.0.3:31000",
  };
  for (const [client, key] of Object.entries(want)) {
    assert.equal(picker.pick([], client)?.key, key, client);
  }
});

test("neither the order of the replicas nor how an IPv4 address is written changes the choice", () => {
  const given = replicas(7);
  const picker = new SourcePicker(given, fakeOptions(1));
  const reversed = new SourcePicker(given.toReversed(), fakeOptions(2));
  for (const client of clients(500)) {
    assert.equal(reversed.pick([], client), picker.pick([], client));
    assert.equal(picker.pick([], `::ffff:${client}`), picker.pick([], client));
  }
});

for (const weights of [
  [500, 500],
  Array.from({ length: 10 }, () => 500),
  [1000, 500, 250, 250],
  [1000, 1],
  Array.from({ length: 64 }, (_, index) => 1 + index),
]) {
  test(`10,000 clients are spread by weight as by chance: ${weights.slice(0, 4).join(", ")} … ${weights.length}`, () => {
    const given = replicas(weights.length).map((one, index) => ({
      ...one,
      weight: weights[index] ?? 0,
    }));
    const picker = new SourcePicker(given, fakeOptions());
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const all = clients(10_000);
    for (const client of all) {
      const picked = picker.pick([], client);
      assert.ok(picked);
      picked.load += 1;
    }
    let chiSquare = 0;
    for (const { weight, load } of given) {
      const expected = (all.length * weight) / total;
      chiSquare += (load - expected) ** 2 / expected;
    }
    // Mean and variance of chi-square are n and 2n for n degrees of freedom; four standard deviations above it.
    const freedom = weights.length - 1;
    assert.ok(chiSquare <= freedom + 4 * Math.sqrt(2 * freedom), `${chiSquare} for ${freedom}`);
  });
}

test("the clients of one replica are spread over all others while it is out", () => {
  const given = replicas(6);
  const picker = new SourcePicker(given, fakeOptions());
  const [gone] = given;
  assert.ok(gone);
  const orphans = clients(10_000).filter((client) => picker.pick([], client) === gone);
  gone.full = true;
  for (const client of orphans) {
    const picked = picker.pick([], client);
    assert.ok(picked);
    picked.load += 1;
  }
  for (const { key, load } of given.slice(1))
    assert.ok(
      Math.abs(load - orphans.length / 5) <= 5 * Math.sqrt(orphans.length / 5),
      `${key}: ${load}`,
    );
});

test("without a client it takes the replica with the fewest connections", () => {
  const given = [fake("a", { load: 2 }), fake("b", { load: 1 }), fake("c", { load: 3 })];
  const picker = new SourcePicker(given, fakeOptions());
  assert.equal(picker.pick([])?.key, "b");
  assert.equal(picker.pick([], "")?.key, "b");
  assert.equal(picker.over(given.slice(2)).pick([])?.key, "c");
});
