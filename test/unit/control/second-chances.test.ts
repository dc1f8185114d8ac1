import assert from "node:assert/strict";
import { test } from "node:test";
import { giveSecondChances } from "../../../src/control/second-chances.ts";
import { unchecked, type Checked } from "../../../src/health/checked.ts";

const well = { ...unchecked, state: "up" } as const;

function forgiven(checked: Checked | undefined, forMs: number): boolean {
  const keys: string[] = [];
  giveSecondChances({
    ejected: () => [{ key: "tcp/1", replica: "10.0.0.1:80", forMs }],
    checked: (key, replica) => (key === "tcp/1" && replica === "10.0.0.1:80" ? checked : undefined),
    steadyClock: () => 10_000,
    forgive: (key, replica) => keys.push(`${key} ${replica}`),
  });
  return keys.length === 1;
}

test("two good probes since the ejection give a second chance, and nothing else does", () => {
  assert.equal(forgiven({ ...well, wellSince: 9000 }, 2000), true);
  assert.equal(forgiven({ ...well, wellSince: 7000 }, 2000), false);
  assert.equal(forgiven(well, 2000), false);
  assert.equal(forgiven({ ...unchecked, state: "down", wellSince: 9000 }, 2000), false);
  assert.equal(forgiven(unchecked, 2000), false);
  assert.equal(forgiven(undefined, 2000), false);
});
