import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { SyncAgenda } from "../../../../src/discovery/marathon/sync-agenda.ts";
import { seeded } from "../../../support/faults/seeded.ts";

const proxies = 1000;
const refreshIntervalMs = 60_000;

/** Looks of a fleet whose proxies all started at once, per second, while Marathon answers as `isUp` says. */
function looksPerSecond(seconds: number, isUp: (now: number) => boolean): readonly number[] {
  const looks = Array.from({ length: seconds }, () => 0);
  for (let proxy = 0; proxy < proxies; proxy += 1) {
    const random = seeded(proxy + 1);
    const agenda = new SyncAgenda({ refreshIntervalMs, quietMs: 50, maxWaitMs: 250, random });
    for (let now = 0; now < seconds * 1000; now = agenda.dueAt) {
      looks[Math.floor(now / 1000)] = (looks[Math.floor(now / 1000)] ?? 0) + 1;
      agenda.begin(now);
      agenda.end(now, isUp(now));
    }
  }
  return looks;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function expectEven(looks: readonly number[]): void {
  assert.ok(looks.length > 0 && mean(looks) > 0);
  assert.ok(Math.max(...looks) <= 3 * mean(looks), `${Math.max(...looks)} of ${mean(looks)}`);
}

suite("1,000 proxies of one Marathon", () => {
  test("that start in the same moment do not look in step after that", () => {
    const looks = looksPerSecond(600, () => true);
    assert.equal(looks[0], proxies);
    expectEven(looks.slice(1));
  });

  test("do not hammer it while it is away, nor when it is back (M24)", () => {
    const looks = looksPerSecond(900, (now) => now < 300_000 || now >= 420_000);
    expectEven(looks.slice(360, 420));
    expectEven(looks.slice(440));
  });

  test("leave each other room when it comes and goes every 2 s (M24)", () => {
    const looks = looksPerSecond(600, (now) => Math.floor(now / 2000) % 2 === 1);
    expectEven(looks.slice(120));
  });
});
