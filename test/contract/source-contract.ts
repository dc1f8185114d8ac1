import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { Source } from "../../src/discovery/source.ts";
import { routesOf, RunningSource } from "../support/running-source.ts";
import { until } from "../support/scripted-marathon.ts";

/** What a source reads from, under the test's control. */
export interface SourceSetup extends AsyncDisposable {
  /** A new source that reads from it. */
  open(): Source;
  /** From now on it has exactly this many replicas, in any number of services. */
  hold(replicas: number): void;
  /** From now on it cannot be read. */
  fail(): void;
}

/** The promises of `Source`, for any implementation; `start` sets up something readable with one replica. */
export function testSourceContract(name: string, start: () => Promise<SourceSetup>): void {
  suite(`source contract: ${name}`, () => {
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

    test("yields nothing after the abort", async () => {
      await using setup = await start();
      const source = setup.open();
      const running = new RunningSource(source);
      await running.have(1);
      await running[Symbol.asyncDispose]();
      const { length } = running.states;
      setup.hold(5);
      source.resync();
      await new Promise<void>((resolve) => setImmediate(resolve));
      assert.equal(running.states.length, length);
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
  });
}
