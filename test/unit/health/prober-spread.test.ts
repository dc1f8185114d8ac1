import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Prober } from "../../../src/health/prober.ts";
import type { ProbeTarget } from "../../../src/health/probes/probe.ts";
import { defaultCheckPolicy } from "../../../src/model/check.ts";
import { seeded } from "../../support/faults/seeded.ts";

const intervalMs = 2000;

function targets(count: number): Map<string, ProbeTarget> {
  const check = { ...defaultCheckPolicy, intervalMs };
  return new Map(
    Array.from({ length: count }, (_, port) => [
      `replica ${port}`,
      { address: { host: "127.0.0.1", port }, check, credentials: undefined, preface: undefined },
    ]),
  );
}

interface Simulated {
  readonly targets: number;
  readonly forMs: number;
  readonly random: () => number;
}

/** When each target was asked, in ms from the start of a time that passes in steps of 5 ms and costs none. */
async function simulate(
  { mock }: TestContext,
  { targets: count, forMs, random }: Simulated,
): Promise<Map<number, number[]>> {
  const stepMs = 5;
  let now = 0;
  mock.timers.enable({ apis: ["setTimeout"] });
  mock.method(performance, "now", () => now);
  const asked = new Map<number, number[]>();
  const prober = new Prober({
    random,
    mostAtOnce: 256,
    changed: () => undefined,
    probe: async ({ address: { port } }) => {
      asked.set(port, [...(asked.get(port) ?? []), now]);
      return { kind: "good", reason: "L4OK" };
    },
  });
  await using _ = prober;
  prober.want(targets(count));
  while (now < forMs) {
    now += stepMs;
    mock.timers.tick(stepMs);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return asked;
}

test("five thousand targets are asked evenly at all times, also right after they came (HC07)", async (context) => {
  const forMs = 8000;
  const asked = await simulate(context, { targets: 5000, forMs, random: seeded(7) });
  assert.equal(asked.size, 5000);
  const buckets = new Map<number, number>();
  for (const times of asked.values()) {
    for (const at of times) {
      const bucket = Math.floor(at / 100);
      buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
    }
  }
  const counts = Array.from({ length: forMs / 100 }, (_, bucket) => buckets.get(bucket) ?? 0);
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  assert.ok(Math.max(...counts) <= 3 * mean, `${Math.max(...counts)} of ${mean}`);
  assert.ok(Math.min(...counts) > 0);
});

test("no two of many intervals are alike, and none is longer than was asked for", async (context) => {
  const asked = await simulate(context, { targets: 64, forMs: 20_000, random: seeded(11) });
  const intervals = [...asked.values()].flatMap((times) =>
    times.slice(1).map((at, index) => at - (times[index] ?? 0)),
  );
  assert.ok(intervals.length > 600);
  // A step of the simulated time may come late by its length.
  assert.ok(intervals.every((each) => each >= 0.8 * intervalMs && each <= 0.95 * intervalMs + 10));
  const tenths = new Set(intervals.map((each) => Math.floor((each / intervalMs - 0.8) / 0.015)));
  assert.ok(tenths.size >= 10, "drawn from the whole range");
});
