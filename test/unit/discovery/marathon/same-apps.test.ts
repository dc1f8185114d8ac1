import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { SameApps } from "../../../../src/discovery/marathon/same-apps.ts";
import { parseApps, type WireApp } from "../../../../src/discovery/marathon/wire.ts";

/** Apps as an answer has them, each with one task of this host port. */
function told(...ports: readonly number[]): readonly WireApp[] {
  const apps = ports.map((port, index) => ({
    id: `/a${index}`,
    labels: { "portolan.0.balance": "first" },
    tasks: [{ id: `a${index}.1`, host: "h", ports: [port] }],
  }));
  return parseApps({ apps })?.apps ?? [];
}

suite("apps that are told again", () => {
  test("are the objects they were where nothing about them is new", () => {
    const same = new SameApps();
    const first = same.share(told(1, 2));
    const second = same.share(told(1, 3));
    assert.equal(second[0], first[0]);
    assert.notEqual(second[1], first[1]);
    assert.deepEqual(second[1]?.tasks?.[0]?.ports, [3]);
  });

  test("are equal to what was told, whatever was told before, and in its order", () => {
    const same = new SameApps();
    const [one, two] = [told(1, 2), told(2)];
    for (const apps of [one, two, one.toReversed(), told(1, 2), two])
      assert.deepEqual(same.share(apps), apps);
  });

  test("are forgotten with the answer that lacks them", () => {
    const same = new SameApps();
    const first = same.share(told(1));
    same.share([]);
    assert.notEqual(same.share(told(1))[0], first[0]);
  });
});
