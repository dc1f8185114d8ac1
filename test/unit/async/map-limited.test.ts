import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { mapLimited } from "../../../src/async/map-limited.ts";

suite("mapLimited", () => {
  test("results keep the order of the items, whatever the order they come in", async () => {
    const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<string>());
    const mapped = mapLimited([0, 1, 2, 3], 4, async (index) => await gates[index]?.promise);
    for (const index of [2, 0, 3, 1]) gates[index]?.resolve(`result ${index}`);
    assert.deepEqual(await mapped, ["result 0", "result 1", "result 2", "result 3"]);
  });

  test("no more than the limit are under way, and all get their turn", async () => {
    let underWay = 0;
    let most = 0;
    const items = Array.from({ length: 20 }, (_, index) => index);
    const results = await mapLimited(items, 3, async (item) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise<void>((resolve) => setImmediate(resolve));
      underWay -= 1;
      return item;
    });
    assert.deepEqual(results, items);
    assert.equal(most, 3);
  });

  test("after a failure nothing more is begun", async () => {
    const begun: number[] = [];
    const mapped = mapLimited([0, 1, 2, 3, 4], 1, async (item) => {
      begun.push(item);
      if (item === 1) throw new Error("broken");
    });
    await assert.rejects(mapped, /broken/);
    assert.deepEqual(begun, [0, 1]);
  });

  test("nothing to do is done at once", async () => {
    assert.deepEqual(await mapLimited([], 3, async () => 1), []);
  });
});
