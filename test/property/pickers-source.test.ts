import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Picker } from "../../src/routing/balancing/picker.ts";
import { SourcePicker } from "../../src/routing/balancing/source.ts";
import { fake, fakeOptions, type Fake } from "../contract/picker-contract.ts";

const key = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 31_000, max: 31_099 }))
  .map(([host, port]) => `10.1.0.${host}:${port}`);

function replicas(minLength: number): fc.Arbitrary<Fake[]> {
  const given = fc.record({ key, weight: fc.integer({ min: 1, max: 1000 }) });
  return fc
    .uniqueArray(given, { selector: (one) => one.key, minLength, maxLength: 12 })
    .map((list) => list.map((one) => fake(one.key, { weight: one.weight })));
}

const clients = Array.from({ length: 2000 }, (_, index) => {
  return index % 2 === 0
    ? `10.9.${index >> 8}.${index & 255}`
    : `2001:db8:${(index * 7919).toString(16)}::${index.toString(16)}`;
});

/** Where each client goes. */
function placed(picker: Picker<Fake>): (string | undefined)[] {
  return clients.map((client) => picker.pick([], client)?.key);
}

test("source: when a replica leaves, its clients move and no others", () => {
  fc.assert(
    fc.property(replicas(2), fc.nat(), (given, index) => {
      const gone = given[index % given.length];
      const before = new SourcePicker(given, fakeOptions());
      const rest = placed(before.over(given.filter((one) => one !== gone)));
      for (const [client, was] of placed(before).entries()) {
        if (was === gone?.key) assert.notEqual(rest[client], was);
        else assert.equal(rest[client], was);
      }
    }),
  );
});

test("source: a replica that joins gets its fair share, and nobody moves but to it", () => {
  fc.assert(
    fc.property(replicas(1), fc.integer({ min: 1, max: 1000 }), (given, weight) => {
      const added = fake("10.2.0.1:31000", { weight });
      const before = new SourcePicker(given, fakeOptions());
      const after = placed(before.over([added, ...given]));
      let moved = 0;
      for (const [client, was] of placed(before).entries()) {
        if (after[client] === was) continue;
        assert.equal(after[client], added.key);
        moved += 1;
      }
      const share = weight / given.reduce((sum, one) => sum + one.weight, weight);
      const fair = share * clients.length;
      // Six standard deviations of chance, and one client for shares near nothing.
      const tolerance = 1 + 6 * Math.sqrt(fair * (1 - share));
      assert.ok(Math.abs(moved - fair) <= tolerance, `${moved} moved, ${fair} are fair`);
    }),
  );
});

test("source: a replica that comes back gets its own clients back", () => {
  fc.assert(
    fc.property(replicas(2), fc.nat(), (given, index) => {
      const gone = given[index % given.length];
      const before = new SourcePicker(given, fakeOptions());
      const after = before.over(given.filter((one) => one !== gone)).over(given.toReversed());
      assert.deepEqual(placed(after), placed(before));
    }),
  );
});

test("source: excluded, full and gone are the same to a client: the next by score", () => {
  fc.assert(
    fc.property(replicas(2), fc.constantFrom(...clients), (given, client) => {
      const picker = new SourcePicker(given, fakeOptions());
      const tried: Fake[] = [];
      for (let turn = 0; turn < given.length; turn += 1) {
        const picked = picker.pick(tried, client);
        assert.ok(picked);
        for (const one of given) one.full = tried.includes(one);
        assert.equal(picker.pick([], client), picked);
        for (const one of given) one.full = false;
        const rest = given.filter((one) => !tried.includes(one));
        assert.equal(picker.over(rest).pick([], client), picked);
        tried.push(picked);
      }
      assert.equal(picker.pick(tried, client), undefined);
    }),
  );
});

test("source: a weight that grows takes clients from others and gives none away", () => {
  fc.assert(
    fc.property(replicas(2), fc.nat(), (given, index) => {
      const growing = given[index % given.length];
      assert.ok(growing);
      const picker = new SourcePicker(given, fakeOptions());
      growing.share = 0.3;
      const before = placed(picker);
      growing.share = 0.9;
      for (const [client, now] of placed(picker).entries())
        assert.ok(now === before[client] || now === growing.key);
    }),
  );
});
