import assert from "node:assert/strict";
import { test } from "node:test";
import { HelloRoom } from "../../../src/engine/gateway/hello-room.ts";

test("when unfinished hellos hold too much, those that have waited longest make room (S03)", () => {
  const refused: string[] = [];
  const room = new HelloRoom(10_000);
  const guests = Array.from({ length: 10 }, (_, index) => {
    return (flaw: string): void => void refused.push(`${index} ${flaw}`);
  });
  for (const refuse of guests) room.grow(refuse, 744);
  assert.deepEqual(refused, []);
  // Whoever is done holds nothing.
  if (guests[0] !== undefined) room.leave(guests[0]);
  if (guests[9] !== undefined) {
    room.grow(guests[9], 744);
    room.grow(guests[9], 1744);
  }
  assert.deepEqual(refused, ["1 crowded-out", "2 crowded-out"]);
});
