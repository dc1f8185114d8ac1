import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryGuard } from "../../../src/workers/memory-guard.ts";
import type { Shedding } from "../../../src/engine/shed.ts";
import { eventually } from "../../support/eventually.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A guard of a pool that does what it is told, and writes it down. */
function rig(shedAt = 85) {
  const said: string[] = [];
  let [percent, ended, changes] = [50, 0, 0];
  let hasLimit = true;
  const pool = {
    memory: {
      refuse: (isRefusing: boolean) => said.push(isRefusing ? "refuse" : "take"),
      closed: () => ended,
    },
    tell: ({ share, idleToo }: Shedding) => {
      ended += 1;
      said.push(`shed ${share}${idleToo ? " with idle ones" : ""}`);
    },
  };
  const guard = new MemoryGuard({
    shedAt,
    read: () => (hasLimit ? { limit: 1024 ** 3, used: (1024 ** 3 * percent) / 100 } : undefined),
    pool,
    logger: silent,
    changed: () => {
      changes += 1;
    },
  });
  return {
    guard,
    said,
    use: (now: number) => {
      percent = now;
    },
    lift: () => {
      hasLimit = false;
    },
    changes: () => changes,
  };
}

test("where memory is short newcomers are refused and connections ended, until it is not", async () => {
  const { guard, said, use, changes } = rig();
  const life = new AbortController();
  const run = guard.run(life.signal);
  assert.deepEqual(guard.problems(), []);
  use(90);
  await eventually(() => said.length >= 3);
  assert.deepEqual(said.slice(0, 3), ["refuse", "shed 0.2", "shed 0.2"]);
  use(95);
  await eventually(() => said.at(-1) === "shed 0.2 with idle ones");
  assert.equal(guard.figures()?.isShedding, true);
  const [problem] = guard.problems();
  assert.equal(problem?.kind, "limit-reached");
  assert.match(problem?.reason ?? "", /^85 % of the 1024 MiB there may be are in use: newcomers/);
  use(70);
  await eventually(() => said.at(-1) === "shed 0");
  assert.equal(said.at(-2), "take");
  assert.deepEqual(guard.problems(), []);
  assert.equal(changes(), 2);
  life.abort();
  await run;
});

test("0 is for never, and what has no limit is never short", async () => {
  const never = rig(0);
  never.use(99);
  await never.guard.run(new AbortController().signal);
  assert.deepEqual(never.said, []);
  const unlimited = rig();
  unlimited.lift();
  const life = new AbortController();
  const run = unlimited.guard.run(life.signal);
  assert.equal(unlimited.guard.figures(), undefined);
  life.abort();
  await run;
  assert.deepEqual(unlimited.said, []);
});
