import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { suite, test } from "node:test";

import { Alarm } from "../../../src/async/alarm.ts";

suite("an alarm", () => {
  test("ends a wait when it rings", async () => {
    const alarm = new Alarm();
    const waiting = alarm.wait(600_000, new AbortController().signal);
    alarm.ring();
    await waiting;
  });

  test("ends a wait when its time has come", async () => {
    await new Alarm().wait(1, new AbortController().signal);
  });

  test("ends a wait at the abort, and one that begins after it", async () => {
    const controller = new AbortController();
    const alarm = new Alarm();
    const waiting = alarm.wait(600_000, controller.signal);
    controller.abort();
    await waiting;
    await alarm.wait(600_000, controller.signal);
  });

  test("that rings for nobody is not remembered, and leaves no listener behind", async () => {
    const { signal } = new AbortController();
    const alarm = new Alarm();
    alarm.ring();
    await alarm.wait(1, signal);
    assert.equal(getEventListeners(signal, "abort").length, 0);
  });
});
