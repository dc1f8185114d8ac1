import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DueQueue } from "../../../src/health/due-queue.ts";

test("whatever goes in comes out in the order of its time, and never early", () => {
  const step = fc.oneof(
    fc.record({ add: fc.nat({ max: 100 }) }),
    fc.record({ takeAt: fc.nat({ max: 100 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new DueQueue<number>();
      let model: number[] = [];
      for (const one of steps) {
        if ("add" in one) {
          queue.add(one.add, one.add);
          model = [...model, one.add].toSorted((a, b) => a - b);
        } else {
          const first = model[0];
          const isDue = first !== undefined && first <= one.takeAt;
          assert.deepEqual(queue.take(one.takeAt)?.item, isDue ? first : undefined);
          if (isDue) model.shift();
        }
        assert.equal(queue.nextAt, model[0] ?? Infinity);
      }
    }),
  );
});
