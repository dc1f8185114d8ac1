import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { NewestVersions } from "../../../../src/discovery/marathon/newest-versions.ts";
import { parseApps, type WireApps } from "../../../../src/discovery/marathon/wire.ts";

function told(...versions: readonly (string | undefined)[]): WireApps {
  const apps = versions.map((version, index) => ({ id: `/a${index}`, version, tasks: [] }));
  const parsed = parseApps({ apps });
  assert.ok(parsed);
  return parsed;
}

const old = "2026-01-01T00:00:00.000Z";
const young = "2026-01-02T00:00:00.000Z";

suite("an app that is told in an older version", () => {
  test("stays as it is known, is reported, and harms no other app", () => {
    const known = told(young, old);
    const settled = new NewestVersions().settle(known.apps, told(old, young), 0);
    assert.equal(settled.apps[0], known.apps[0]);
    assert.equal(settled.apps[1]?.version, Date.parse(young));
    assert.deepEqual(
      settled.problems.map(({ kind, subject }) => [kind, subject]),
      [["held-back", "/a0"]],
    );
  });

  test("is believed when nothing else has been said for a minute", () => {
    const versions = new NewestVersions();
    const known = told(young).apps;
    assert.equal(versions.settle(known, told(old), 0).apps[0], known[0]);
    assert.equal(versions.settle(known, told(old), 59_999).apps[0], known[0]);
    const believed = versions.settle(known, told(old), 60_000);
    assert.equal(believed.apps[0]?.version, Date.parse(old));
    assert.deepEqual(believed.problems, []);
  });

  test("is doubted anew after the newer one has been told in between", () => {
    const versions = new NewestVersions();
    const known = told(young).apps;
    versions.settle(known, told(old), 0);
    versions.settle(known, told(young), 30_000);
    assert.equal(versions.settle(known, told(old), 60_000).apps[0], known[0]);
  });

  test("is believed when it was gone before, and when no version is stated", () => {
    const versions = new NewestVersions();
    assert.equal(versions.settle([], told(old), 0).apps[0]?.version, Date.parse(old));
    assert.equal(versions.settle(told(young).apps, told(undefined), 0).apps[0]?.version, 0);
  });
});
