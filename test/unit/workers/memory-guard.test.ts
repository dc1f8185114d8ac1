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
  let isTaking = true;
  let allowed = 0;
  const pool = {
    memory: {
      admit: (most: number) => {
        if (isTaking !== most > 0) said.push(most > 0 ? "take" : "refuse");
        isTaking = most > 0;
        allowed = most;
      },
      closed: () => ended,
      process: () => ({ active: 7, limit: 9, isByMemory: false, refused: 0 }),
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
    allowed: () => allowed,
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

test("so many are taken as there is room for, and all where there is no limit", async () => {
  const { guard, use, lift, allowed } = rig();
  const life = new AbortController();
  const run = guard.run(life.signal);
  const room = (0.35 * 1024 ** 3) / (24 * 1024);
  assert.equal(allowed(), 7 + Math.ceil(room));
  use(84);
  await eventually(() => allowed() === 7 + Math.ceil(room / 35));
  lift();
  await eventually(() => allowed() === Infinity);
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
