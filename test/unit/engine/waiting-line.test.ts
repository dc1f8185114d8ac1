import assert from "node:assert/strict";
import { test } from "node:test";
import { WaitingLine, type Waiter } from "../../../src/engine/tcp/waiting-line.ts";

/** Gets in when `isOpen`; remembers what it was told. */
class Guest implements Waiter {
  isOpen = false;
  tries = 0;
  expired = 0;

  retry(): boolean {
    this.tries += 1;
    return this.isOpen;
  }

  expire(): void {
    this.expired += 1;
  }
}

test("a line that is full takes nobody, until somebody leaves it", () => {
  let waiting = 0;
  const line = new WaitingLine({ limit: 2, counted: (by) => (waiting += by) });
  const [one, two, three] = [new Guest(), new Guest(), new Guest()];
  assert.deepEqual(
    [one, two, three].map((guest) => line.join(guest, 60_000)),
    [true, true, false],
  );
  assert.equal(waiting, 2);
  line.leave(three);
  assert.equal(waiting, 2, "who is not in it cannot leave it");
  line.leave(one);
  assert.equal(line.join(three, 60_000), true);
  line.dismiss();
  assert.deepEqual([one.expired, two.expired, three.expired], [0, 1, 1]);
  assert.deepEqual([line.size, waiting], [0, 0]);
});

test("the first one is asked until it gets in, and those behind it only then", () => {
  const line = new WaitingLine();
  const [one, two] = [new Guest(), new Guest()];
  for (const guest of [one, two]) line.join(guest, 60_000);
  two.isOpen = true;
  line.advance();
  assert.deepEqual([one.tries, two.tries, line.size], [1, 0, 2]);
  one.isOpen = true;
  line.advance();
  assert.deepEqual([one.tries, two.tries, line.size], [2, 1, 0]);
});
