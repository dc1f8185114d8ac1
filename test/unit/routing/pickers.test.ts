import assert from "node:assert/strict";
import { test } from "node:test";
import { balancePolicies } from "../../../src/model/policy.ts";
import { makePicker } from "../../../src/routing/balancing/make-picker.ts";
import { RoundRobinPicker } from "../../../src/routing/balancing/roundrobin.ts";
import { pickerContract, type Fake } from "../../contract/picker-contract.ts";

for (const policy of balancePolicies) {
  pickerContract(policy, (candidates) =>
    makePicker(policy, candidates, { loadOf: ({ load }) => load, random: Math.random }),
  );
}

function fakes(keys: string): Fake[] {
  return [...keys].map((key) => ({ key, weight: 500, load: 0 }));
}

test("round robin goes on where it was when a replica joins", () => {
  const [a, b, c] = fakes("abc");
  assert.ok(a && b && c);
  const picker = new RoundRobinPicker([a, b]);
  assert.equal(picker.pick([])?.key, "a");
  const grown = picker.over([a, b, c]);
  const next = [grown.pick([]), grown.pick([]), grown.pick([])].map((picked) => picked?.key);
  assert.deepEqual(next.toSorted(), ["a", "b", "c"]);
  assert.equal(next[0], "b");
});

test("least connections takes the emptiest per weight and breaks ties by chance", () => {
  const [a, b, c] = fakes("abc");
  assert.ok(a && b && c);
  a.load = 3;
  b.load = 1;
  c.load = 1;
  const pick = (random: number): string | undefined =>
    makePicker("leastconn", [a, b, c], { loadOf: ({ load }) => load, random: () => random }).pick(
      [],
    )?.key;
  assert.equal(pick(0), "b");
  assert.equal(pick(0.99), "c");
});
