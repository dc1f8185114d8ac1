import assert from "node:assert/strict";
import { test } from "node:test";
import { RoundRobinPicker } from "../../../src/routing/balancing/roundrobin.ts";
import type { Picker } from "../../../src/routing/balancing/picker.ts";
import { fake, fakeOptions, tallyPicks, type Fake } from "../../contract/picker-contract.ts";

function order(picker: Picker<Fake>, count: number): string {
  let keys = "";
  for (let done = 0; done < count; done += 1) keys += picker.pick([])?.key ?? "-";
  return keys;
}

function fakes(keys: string, weight = 500): Fake[] {
  return [...keys].map((key) => fake(key, { weight }));
}

test("round robin goes around", () => {
  assert.equal(order(new RoundRobinPicker(fakes("abc"), fakeOptions()), 9), "abcabcabc");
  assert.equal(order(new RoundRobinPicker(fakes("ca", 1), fakeOptions()), 4), "acac");
});

test("round robin spreads the turns of a heavy one", () => {
  const given = [fake("a", { weight: 4 }), ...fakes("bc", 2)];
  assert.match(order(new RoundRobinPicker(given, fakeOptions()), 24), /^(a[bc]a[bc]|[bc]aa[bc])+$/);
});

test("round robin goes on where it was when a replica joins or leaves", () => {
  const picker = new RoundRobinPicker(fakes("abd"), fakeOptions());
  assert.equal(order(picker, 4), "abda");
  assert.equal(order(picker.over(fakes("abcd")), 1), "b");
  assert.equal(
    order(picker.over(fakes("abcd")), 4)
      .split("")
      .toSorted()
      .join(""),
    "abcd",
  );
  assert.equal(order(picker.over(fakes("bd")), 4), "bdbd");
});

test("round robin: one that was away gets no turns in arrears", () => {
  const given = fakes("abcd");
  const picker = new RoundRobinPicker(given, fakeOptions());
  const away = given[1];
  assert.ok(away);
  order(picker, 3);
  away.full = true;
  assert.match(order(picker, 300), /^[acd]+$/);
  away.full = false;
  const picks = tallyPicks(picker, 8);
  assert.deepEqual([...picks].toSorted(), [
    ["a", 2],
    ["b", 2],
    ["c", 2],
    ["d", 2],
  ]);
});

test("round robin: those that stayed do not wait for those that come back", () => {
  const given = fakes("abcdefghij");
  const picker = new RoundRobinPicker(given, fakeOptions());
  assert.equal(order(picker, 5), "abcde");
  // The other five are owed a turn when they go away.
  for (const one of given) one.full = one.key > "e";
  assert.equal(order(picker, 7), "abcdeab");
  for (const one of given) one.full = false;
  assert.equal(order(picker, 10), "cdefghijab");
});

test("round robin: one that is full for a while after each of its turns has its share of the other turns", () => {
  const given = fakes("abcdefghij");
  const picker = new RoundRobinPicker(given, fakeOptions());
  const [busy] = given;
  assert.ok(busy);
  let [turns, present, rest] = [0, 0, 0];
  for (let count = 0; count < 1000; count += 1) {
    busy.full = rest > 0;
    if (busy.full) rest -= 1;
    else present += 1;
    if (picker.pick([]) !== busy) continue;
    turns += 1;
    rest = 5;
  }
  const fair = present / given.length;
  assert.ok(Math.abs(turns - fair) <= 0.15 * fair, `${turns} turns, ${fair} are fair`);
});

test("round robin: a claim on a turn of many is no claim on many turns of few", () => {
  const many = fakes("abcdefghijklmnopqrst");
  for (let taken = 1; taken < many.length; taken += 1) {
    const picker = new RoundRobinPicker(many, fakeOptions());
    order(picker, taken);
    assert.doesNotMatch(order(picker.over(fakes("at")), 6), /aaa|ttt/, `after ${taken}`);
  }
});

test("round robin: a newcomer neither waits for the others nor overtakes them", () => {
  const picker = new RoundRobinPicker(fakes("abcdefgh"), fakeOptions());
  order(picker, 5);
  const shrunk = picker.over(fakes("gh"));
  order(shrunk, 1);
  const picks = tallyPicks(shrunk.over(fakes("ghx")), 30);
  for (const [key, count] of picks) assert.ok(Math.abs(count - 10) <= 1, `${key}: ${count}`);
});

test("round robin: retries leave the shares of the others even", () => {
  const given = fakes("abcd");
  const picker = new RoundRobinPicker(given, fakeOptions());
  const [refusing] = given;
  assert.ok(refusing);
  const reached = new Map<string, number>();
  for (let count = 0; count < 400; count += 1) {
    let picked = picker.pick([]);
    if (picked === refusing) picked = picker.pick([refusing]);
    assert.ok(picked);
    reached.set(picked.key, (reached.get(picked.key) ?? 0) + 1);
  }
  assert.equal(reached.size, 3);
  for (const [key, count] of reached) assert.ok(Math.abs(count - 400 / 3) <= 2, `${key}: ${count}`);
});

test("round robin follows a weight that grows", () => {
  const given = [fake("a"), fake("b", { share: 0.01 })];
  const picker = new RoundRobinPicker(given, fakeOptions());
  let due = 0;
  let got = 0;
  for (let count = 0; count < 1000; count += 1) {
    const share = Math.min(1, 0.01 + count / 500);
    for (const one of given) if (one.key === "b") one.share = share;
    due += share / (1 + share);
    if (picker.pick([])?.key === "b") got += 1;
    assert.ok(Math.abs(got - due) <= 1, `${got} of ${due} after ${count}`);
  }
});
