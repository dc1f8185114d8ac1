import assert from "node:assert/strict";
import { test } from "node:test";
import { inPieces, inSlices, Slices } from "../../../src/observe/slices.ts";

/** Counts turns of the event loop from now on. */
class Turns implements Disposable {
  count = 0;
  #next = setImmediate(() => this.#turn());

  #turn(): void {
    this.count += 1;
    this.#next = setImmediate(() => this.#turn());
  }

  [Symbol.dispose](): void {
    clearImmediate(this.#next);
  }
}

/** One whose every look is a slice later. */
function hasty(): Slices {
  let now = 0;
  return new Slices(() => (now += 5));
}

test("a long text is made in slices, with a turn for everything else between them (A05)", async () => {
  const line = `${"é".repeat(99)}\n`;
  const lines = Array.from({ length: 3300 }, () => line);
  using turns = new Turns();
  const pieces = await inPieces(lines, hasty());
  assert.ok(turns.count >= 10, `${turns.count} turns`);
  assert.equal(Buffer.concat(pieces).toString(), lines.join(""));
  assert.ok(pieces.every(({ length }) => length < 100_000));
});

test("what costs something to read is read in slices, too", async () => {
  using turns = new Turns();
  const items = Array.from({ length: 160 }, (_, index) => index);
  assert.deepEqual(await inSlices(items, hasty()), items);
  assert.equal(turns.count, 10);
});

test("what is quickly made is made in one go", async () => {
  using turns = new Turns();
  await inPieces(
    Array.from({ length: 33_000 }, () => "line\n"),
    new Slices(() => 0),
  );
  assert.equal(turns.count, 0);
});
