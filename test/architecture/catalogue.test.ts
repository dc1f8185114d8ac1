import assert from "node:assert/strict";
import { test } from "node:test";
import { notShown, reservations } from "../catalogue/not-shown.ts";
import { rowIdsOf, writtenTests } from "../catalogue/row-ids.ts";
import { rows } from "../catalogue/rows.ts";
import { threats } from "../catalogue/threats.ts";

const ids = rows.map(({ id }) => id);
const shown = new Set(writtenTests().flatMap(({ name }) => rowIdsOf(name)));

test("every fault of the catalogue is shown by a test, or it is said why not", () => {
  assert.equal(new Set(ids).size, ids.length, "an id is there twice");
  const open = ids.filter((id) => !shown.has(id) && !Object.hasOwn(notShown, id));
  assert.deepEqual(open, []);
});

test("nothing is excused that a test shows, and no test shows what is not in the catalogue", () => {
  assert.deepEqual(
    Object.keys(notShown).filter((id) => shown.has(id)),
    [],
  );
  const strange = [...shown, ...Object.keys(notShown), ...Object.keys(reservations)];
  assert.deepEqual(
    strange.filter((id) => !ids.includes(id)),
    [],
  );
  assert.deepEqual(
    Object.keys(reservations).filter((id) => !shown.has(id)),
    [],
  );
});

for (const { what, mitigations } of threats) {
  test(`against ${what}: everything that was built has a test that fails without it`, () => {
    assert.ok(Object.keys(mitigations).length > 0);
    for (const [mitigation, needed] of Object.entries(mitigations)) {
      assert.ok(needed.length > 0, mitigation);
      const open = needed.filter((id) => !shown.has(id));
      assert.deepEqual(open, [], mitigation);
    }
  });
}
