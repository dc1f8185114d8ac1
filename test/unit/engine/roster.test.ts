import assert from "node:assert/strict";
import { test } from "node:test";
import { Roster } from "../../../src/engine/roster.ts";

class Guest {
  place = -1;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

const names = (roster: Roster<Guest>): string[] => [...roster].map(({ name }) => name).toSorted();

test("whoever leaves is gone, whoever stays is there, in whatever order they leave", () => {
  const guests = ["a", "b", "c", "d"].map((name) => new Guest(name));
  for (const leaving of guests) {
    for (const next of guests) {
      const roster = new Roster<Guest>();
      for (const guest of guests) roster.add(guest);
      roster.delete(leaving);
      roster.delete(next);
      const left = guests.filter((guest) => guest !== leaving && guest !== next);
      assert.deepEqual(
        names(roster),
        left.map(({ name }) => name),
      );
      assert.equal(roster.size, left.length);
    }
  }
});

test("who is not on a roster is not taken off it, also by the place of another", () => {
  const [roster, other] = [new Roster<Guest>(), new Roster<Guest>()];
  const [here, there] = [new Guest("here"), new Guest("there")];
  roster.add(here);
  other.add(there);
  roster.delete(there);
  roster.delete(new Guest("nowhere"));
  assert.deepEqual(names(roster), ["here"]);
  assert.deepEqual(names(other), ["there"]);
});

test("some may leave and others come while they are gone through", () => {
  const roster = new Roster<Guest>();
  for (const name of ["a", "b", "c"]) roster.add(new Guest(name));
  const seen: string[] = [];
  for (const guest of roster) {
    seen.push(guest.name);
    roster.delete(guest);
    roster.add(new Guest("late"));
  }
  assert.deepEqual(seen, ["a", "b", "c"]);
  assert.equal(roster.size, 3);
});
