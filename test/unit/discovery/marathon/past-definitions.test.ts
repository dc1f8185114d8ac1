import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { parseVersion } from "../../../../src/discovery/marathon/definition.ts";
import { PastDefinitions } from "../../../../src/discovery/marathon/past-definitions.ts";
import { parseApps, type WireApp } from "../../../../src/discovery/marathon/wire.ts";

function at(day: number): string {
  return new Date(Date.UTC(2024, 0, day)).toISOString();
}

function ms(day: number): number {
  return Date.UTC(2024, 0, day);
}

/** An app configured on one day and scaled on another, with a task of each of these days. */
function app(
  id: string,
  [configured, scaled]: readonly [number, number],
  tasks: readonly number[],
): WireApp {
  const [parsed] =
    parseApps({
      apps: [
        {
          id,
          version: at(scaled),
          versionInfo: { lastConfigChangeAt: at(configured) },
          tasks: tasks.map((day, index) => ({ id: `t${index}`, version: at(day) })),
        },
      ],
    })?.apps ?? [];
  assert.ok(parsed);
  return parsed;
}

suite("definitions of older versions", () => {
  test("are missing for tasks that ran before the last change, each version once", () => {
    const past = new PastDefinitions();
    assert.deepEqual(past.missing([app("/a", [5, 9], [1, 1, 4, 5, 7]), app("/b", [1, 1], [1])]), [
      { app: "/a", version: ms(1) },
      { app: "/a", version: ms(4) },
    ]);
  });

  test("hold for all versions in which nothing was configured", () => {
    const past = new PastDefinitions();
    const read = parseVersion("/a", {
      id: "/a",
      version: at(4),
      versionInfo: { lastConfigChangeAt: at(2) },
    });
    past.add({ app: "/a", version: ms(4) }, read);
    assert.equal(past.find("/a", ms(2)), read);
    assert.equal(past.find("/a", ms(3)), read);
    assert.equal(past.find("/a", ms(1)), undefined);
    assert.equal(past.find("/a", ms(5)), undefined);
    assert.equal(past.find("/b", ms(3)), undefined);
    assert.deepEqual(past.missing([app("/a", [9, 9], [1, 2, 3])]), [{ app: "/a", version: ms(1) }]);
  });

  test("that the list itself had before a change need not be read", () => {
    const past = new PastDefinitions();
    past.learn([app("/a", [2, 4], [2])]);
    past.learn([app("/a", [2, 6], [2])]);
    const changed = app("/a", [8, 8], [2, 5, 7]);
    past.learn([changed]);
    assert.equal(past.find("/a", ms(2))?.configuredAt, ms(2));
    assert.ok(!("tasks" in (past.find("/a", ms(2)) ?? {})));
    assert.deepEqual(past.missing([changed]), [{ app: "/a", version: ms(7) }]);
  });

  test("that Marathon does not know any more are not asked for again", () => {
    const past = new PastDefinitions();
    past.add({ app: "/a", version: ms(1) }, undefined);
    assert.equal(past.find("/a", ms(1)), undefined);
    assert.deepEqual(past.missing([app("/a", [2, 2], [1])]), []);
  });

  test("are kept for 1024 apps, those in use the longest, and 8 of each", () => {
    const past = new PastDefinitions();
    for (let index = 0; index < 1024; index += 1)
      past.add({ app: `/${index}`, version: 1 }, parseVersion(`/${index}`, { id: `/${index}` }));
    past.find("/0", 1);
    past.add({ app: "/new", version: 1 }, parseVersion("/new", { id: "/new" }));
    assert.ok(past.find("/0", 1));
    assert.equal(past.find("/1", 1), undefined);
    for (let day = 1; day <= 9; day += 1)
      past.add(
        { app: "/new", version: ms(day) },
        parseVersion("/new", { id: "/new", version: at(day) }),
      );
    assert.equal(past.find("/new", ms(1)), undefined);
    assert.ok(past.find("/new", ms(2)));
  });
});

test("a version's document must be the app's", () => {
  assert.equal(parseVersion("/a", { id: "/b" }), undefined);
  assert.equal(parseVersion("/a", null), undefined);
  assert.equal(parseVersion("/a", { app: { id: "/a" } }), undefined);
  assert.equal(parseVersion("/a", { id: "a" })?.id, "/a");
});
