import assert from "node:assert/strict";
import { getEventListeners, once } from "node:events";
import { suite, test } from "node:test";

import { Deadline } from "../../../src/async/deadline.ts";

const late = (): Error => new Error("late");

suite("a deadline", () => {
  test("aborts with its own reason when the time is over", async () => {
    using deadline = new Deadline(1, late, new AbortController().signal);
    await once(deadline.signal, "abort");
    assert.match(String(deadline.signal.reason), /late/);
  });

  test("aborts with its parent's reason, also when that came first", () => {
    const parent = new AbortController();
    using before = new Deadline(600_000, late, parent.signal);
    const reason = new Error("stop");
    parent.abort(reason);
    using after = new Deadline(600_000, late, parent.signal);
    assert.equal(before.signal.reason, reason);
    assert.equal(after.signal.reason, reason);
  });

  test("lets go of its parent when disposed", () => {
    const parent = new AbortController();
    const deadline = new Deadline(600_000, late, parent.signal);
    deadline[Symbol.dispose]();
    assert.equal(getEventListeners(parent.signal, "abort").length, 0);
    parent.abort();
    assert.equal(deadline.signal.aborted, false);
  });
});
