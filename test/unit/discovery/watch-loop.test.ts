import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { suite, test } from "node:test";

import { sleep } from "../../../src/async/sleep.ts";
import type { SourceState } from "../../../src/discovery/source.ts";
import {
  WatchLoop,
  type Watched,
  type WatchLoopOptions,
} from "../../../src/discovery/watch-loop.ts";
import { eventually } from "../../support/eventually.ts";
import { steady } from "../../support/steady.ts";

const nothing: SourceState = { services: [], problems: [], confirmedGone: new Set() };
const hour = 3_600_000;

/** Something to watch whose every answer a test gives itself; it counts who is still inside. */
class Scripted implements Watched {
  looks = 0;
  inside = 0;
  onLook: (signal: AbortSignal) => Promise<SourceState> = async () => nothing;
  onChanged: (signal: AbortSignal) => Promise<void> = (signal) => sleep(hour, signal);

  async look(signal: AbortSignal): Promise<SourceState> {
    this.looks += 1;
    return await this.#counted(this.onLook(signal));
  }

  async changed(signal: AbortSignal): Promise<void> {
    await this.#counted(this.onChanged(signal));
  }

  async #counted<T>(work: Promise<T>): Promise<T> {
    this.inside += 1;
    try {
      return await work;
    } finally {
      this.inside -= 1;
    }
  }
}

interface Run extends AsyncDisposable {
  readonly loop: WatchLoop;
  readonly controller: AbortController;
  readonly states: readonly SourceState[];
}

function run(watched: Watched, options: Partial<WatchLoopOptions> = {}, lines: string[] = []): Run {
  const loop = new WatchLoop({
    name: "it",
    refreshIntervalMs: hour,
    ...steady(lines),
    ...options,
  });
  const controller = new AbortController();
  const states: SourceState[] = [];
  const reading = (async () => {
    for await (const state of loop.run(watched, controller.signal)) states.push(state);
  })();
  return {
    loop,
    controller,
    states,
    [Symbol.asyncDispose]: async () => {
      controller.abort();
      await reading;
    },
  };
}

suite("the loop of a watched source", () => {
  test("a change makes it look again, and each look is yielded", async () => {
    const watched = new Scripted();
    const changes = [Promise.resolve(), Promise.resolve()];
    watched.onChanged = (signal) => changes.pop() ?? sleep(hour, signal);
    await using running = run(watched);
    await eventually(() => watched.looks === 3 && running.states.length > 0);
    assert.equal(running.loop.status("there").syncs, 3);
  });

  test("it looks again after its interval even if nothing seems to change", async () => {
    const watched = new Scripted();
    await using running = run(watched, { refreshIntervalMs: 5 });
    await eventually(() => running.states.length >= 3);
  });

  test("asked for during a look, it looks once more", async () => {
    const watched = new Scripted();
    const gate = Promise.withResolvers<SourceState>();
    watched.onLook = () => gate.promise;
    await using running = run(watched);
    await eventually(() => watched.looks === 1);
    running.loop.resync();
    gate.resolve(nothing);
    await eventually(() => watched.looks === 2);
  });

  test("asked for while it waits after a failure, it does not wait any longer", async () => {
    const watched = new Scripted();
    watched.onLook = () => Promise.reject(new Error("no"));
    const lines: string[] = [];
    // By far the longest waits that can be drawn: nothing but being asked ends them in time.
    await using running = run(watched, { random: () => 1000, retryCapMs: hour }, lines);
    for (const failures of [1, 2, 3]) {
      await eventually(() => running.loop.status("there").failures === failures);
      running.loop.resync();
    }
    await eventually(() => running.loop.status("there").failures === 4);
    watched.onLook = async () => nothing;
    running.loop.resync();
    await eventually(() => running.states.length === 1);
    assert.deepEqual(
      lines.map((line) => line.split(" ")[0]),
      ["warn", "debug", "debug", "debug", "info"],
    );
  });

  test("a watch that fails each time is tried again ever more slowly, and what is read is yielded", async () => {
    const watched = new Scripted();
    watched.onChanged = () => Promise.reject(new Error("no watch"));
    await using running = run(watched);
    const begunAt = performance.now();
    await eventually(() => running.states.length >= 4);
    // Waits of 75, 150 and 300 ms.
    assert.ok(performance.now() - begunAt >= 500);
    const { connected, lastError } = running.loop.status("there");
    assert.deepEqual([connected, lastError], [false, "watch: no watch"]);
  });

  test("a look that throws anything is a failure with a bounded reason", async () => {
    const watched = new Scripted();
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- what must not matter
    watched.onLook = () => Promise.reject(`\u0000${"x".repeat(10_000)}`);
    await using running = run(watched);
    await eventually(() => running.loop.status("there").failures > 0);
    const { lastError = "" } = running.loop.status("there");
    assert.ok(lastError.length <= 301 && lastError.startsWith("\uFFFD"));
  });

  test("when it has ended nothing is under way, and the signal is let go", async () => {
    const watched = new Scripted();
    const running = run(watched);
    await eventually(() => running.states.length === 1);
    running.loop.watching();
    await eventually(() => watched.inside === 1);
    await running[Symbol.asyncDispose]();
    assert.equal(watched.inside, 0);
    assert.equal(getEventListeners(running.controller.signal, "abort").length, 0);
    assert.equal(running.loop.status("there").connected, false);
  });

  test("a signal that has aborted begins nothing", async () => {
    const watched = new Scripted();
    const loop = new WatchLoop({ name: "it", refreshIntervalMs: hour, ...steady() });
    const states = await Array.fromAsync(loop.run(watched, AbortSignal.abort()));
    assert.deepEqual([states, watched.looks], [[], 0]);
  });
});
