import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { Source } from "../../src/discovery/source.ts";
import { routesOf, RunningSource } from "../support/running-source.ts";
import { until } from "../support/scripted-marathon.ts";

/** What a source reads from, under the test's control. */
export interface SourceSetup extends AsyncDisposable {
  /** A new source that reads from it. */
  open(): Source;
  /** From now on it can be read and has exactly this many replicas, in any number of services. */
  hold(replicas: number): void;
  /** The same, with one item among them that cannot be used. */
  holdWithFault(replicas: number): void;
  /** From now on it cannot be read. */
  fail(): void;
}

type Start = () => Promise<SourceSetup>;

/** The promises of `Source`, for any implementation; `start` sets up something readable with one replica. */
export function testSourceContract(name: string, start: Start): void {
  suite(`source contract: ${name}`, () => {
    testTruth(start);
    testFailures(start);
    testEnd(start);
  });
}

function testTruth(start: Start): void {
  test("yields a first state with everything in it", async () => {
    await using setup = await start();
    await using running = new RunningSource(setup.open());
    await running.have(1);
    assert.equal(routesOf(running.states[0]).length, 1);
  });

  test("yields the whole truth again after a change", async () => {
    await using setup = await start();
    const source = setup.open();
    await using running = new RunningSource(source);
    await running.have(1);
    setup.hold(3);
    source.resync();
    await until(() => running.routes.length === 3);
  });

  test("skips and reports an item that cannot be used, and nothing else", async () => {
    await using setup = await start();
    setup.holdWithFault(3);
    const source = setup.open();
    await using running = new RunningSource(source);
    const { problems } = await running.have(1);
    assert.equal(running.routes.length, 3);
    assert.ok(problems.length > 0);
    for (const { kind, subject, reason } of problems)
      assert.ok(kind.startsWith("invalid-") && subject !== "" && reason !== "", kind);
    assert.equal(source.status().failures, 0);
    setup.hold(3);
    source.resync();
    await until(() => running.last?.problems.length === 0);
    assert.equal(running.routes.length, 3);
  });
}

function testFailures(start: Start): void {
  test("never yields less because it cannot read", async () => {
    await using setup = await start();
    const source = setup.open();
    await using running = new RunningSource(source);
    await running.have(1);
    const { failures } = source.status();
    setup.fail();
    source.resync();
    await until(() => source.status().failures > failures);
    assert.ok(source.status().lastError);
    assert.ok(running.states.every((state) => routesOf(state).length === 1));
  });

  test("yields nothing while it has never read, and begins when it can", async () => {
    await using setup = await start();
    setup.fail();
    const source = setup.open();
    await using running = new RunningSource(source);
    await until(() => source.status().failures > 0);
    assert.equal(running.states.length, 0);
    setup.hold(2);
    source.resync();
    await until(() => running.routes.length === 2);
  });

  test("tries again by itself, waiting longer each time, until it can be read", async () => {
    await using setup = await start();
    const source = setup.open();
    await using running = new RunningSource(source);
    await running.have(1);
    setup.fail();
    source.resync();
    const { failures } = source.status();
    await until(() => source.status().failures > failures);
    const failedAt = performance.now();
    await until(() => source.status().failures >= failures + 4);
    // Three waits of 75, 150 and 300 ms lie between four failures.
    assert.ok(performance.now() - failedAt >= 400);
    setup.hold(2);
    await until(() => running.routes.length === 2);
  });

  test("shows when it last succeeded, and why it has not since", async () => {
    await using setup = await start();
    const source = setup.open();
    assert.deepEqual([source.status().lastSyncAt, source.status().syncs], [undefined, 0]);
    await using running = new RunningSource(source);
    await running.have(1);
    const { lastSyncAt = 0, syncs, failures } = source.status();
    assert.ok(lastSyncAt > 0 && syncs > 0);
    setup.fail();
    source.resync();
    await until(() => source.status().failures > failures);
    const failed = source.status();
    assert.deepEqual([failed.lastSyncAt, failed.syncs], [lastSyncAt, syncs]);
    assert.ok(failed.lastError);
    setup.hold(2);
    source.resync();
    await until(() => running.routes.length === 2);
    const again = source.status();
    assert.ok((again.lastSyncAt ?? 0) > lastSyncAt && again.syncs > syncs);
    assert.equal(again.lastError, undefined);
  });
}

function testEnd(start: Start): void {
  test("yields nothing after the abort, though there is something new", async () => {
    await using setup = await start();
    const source = setup.open();
    const controller = new AbortController();
    const states = source.run(controller.signal)[Symbol.asyncIterator]();
    assert.notEqual((await states.next()).done, true);
    const { syncs } = source.status();
    setup.hold(5);
    source.resync();
    await until(() => source.status().syncs > syncs);
    controller.abort();
    assert.deepEqual(await states.next(), { done: true, value: undefined });
  });

  test("ends by the abort while it is waiting, and looks no more", async () => {
    await using setup = await start();
    const source = setup.open();
    const controller = new AbortController();
    const states = source.run(controller.signal)[Symbol.asyncIterator]();
    await states.next();
    const waiting = states.next();
    controller.abort();
    assert.deepEqual(await waiting, { done: true, value: undefined });
    const { syncs, failures } = source.status();
    setup.hold(5);
    source.resync();
    await new Promise<void>((resolve) => setImmediate(resolve));
    const ended = source.status();
    assert.deepEqual([ended.syncs, ended.failures, ended.connected], [syncs, failures, false]);
  });

  test("can be run a second time", async () => {
    await using setup = await start();
    const source = setup.open();
    {
      await using first = new RunningSource(source);
      await first.have(1);
    }
    setup.hold(2);
    await using second = new RunningSource(source);
    await second.have(1);
    assert.equal(second.routes.length, 2);
  });

  test("ends when its reader stops reading", async () => {
    await using setup = await start();
    const source = setup.open();
    const { signal } = new AbortController();
    for await (const state of source.run(signal)) {
      assert.equal(routesOf(state).length, 1);
      break;
    }
    assert.equal(source.status().connected, false);
  });
}
