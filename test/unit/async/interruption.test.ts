import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { suite, test } from "node:test";

import { Interruption } from "../../../src/async/interruption.ts";

suite("Interruption", () => {
  test("aborts with its parent, for the same reason", () => {
    const parent = new AbortController();
    using child = new Interruption(parent.signal);
    assert.equal(child.signal.aborted, false);
    parent.abort("why");
    assert.equal(child.signal.reason, "why");
  });

  test("a parent that has aborted aborts it at once", () => {
    using child = new Interruption(AbortSignal.abort("why"));
    assert.equal(child.signal.reason, "why");
  });

  test("interrupted, it leaves its parent alone", () => {
    const parent = new AbortController();
    using child = new Interruption(parent.signal);
    child.interrupt();
    assert.deepEqual([child.signal.aborted, parent.signal.aborted], [true, false]);
  });

  test("disposed, it is aborted and holds nothing of its parent", () => {
    const parent = new AbortController();
    const child = new Interruption(parent.signal);
    assert.equal(getEventListeners(parent.signal, "abort").length, 1);
    child[Symbol.dispose]();
    assert.equal(child.signal.aborted, true);
    assert.equal(getEventListeners(parent.signal, "abort").length, 0);
  });
});
