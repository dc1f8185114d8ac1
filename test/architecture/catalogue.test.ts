import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { notShown, reservations } from "../catalogue/not-shown.ts";
import { formatCoverage, shownBySoak, shownByTests } from "../catalogue/coverage.ts";
import { rows } from "../catalogue/rows.ts";
import { threats } from "../catalogue/threats.ts";

const ids = rows.map(({ id }) => id);
const shown = new Set([...shownByTests(), ...shownBySoak]);
const readme = readFileSync(new URL("../catalogue/README.md", import.meta.url), "utf8");

test("every fault of the catalogue is shown by a test, or it is said why not", () => {
  assert.equal(new Set(ids).size, ids.length, "an id is there twice");
  const open = ids.filter((id) => !shown.has(id) && !Object.hasOwn(notShown, id));
  assert.deepEqual(open, []);
});

test("the README says what is covered and what is not (else: npm run catalogue -- --readme)", () => {
  const written = readme.split("## What is covered\n\n")[1] ?? "";
  assert.equal(written.trim(), formatCoverage());
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

const tested = shownByTests();

for (const { what, mitigations } of threats) {
  test(`against ${what}: everything that was built has a test that fails without it`, () => {
    assert.ok(Object.keys(mitigations).length > 0);
    for (const [mitigation, needed] of Object.entries(mitigations)) {
      assert.ok(needed.length > 0, mitigation);
      const open = needed.filter((id) => !tested.has(id));
      assert.deepEqual(open, [], mitigation);
    }
  });
}
