import assert from "node:assert/strict";
import { test } from "node:test";
import { diffRoutes } from "../../../src/routing/diff.ts";
import { emptyTable, type Route, type Table } from "../../../src/routing/table.ts";
import { ListenerBudget } from "../../../src/workers/listener-budget.ts";
import { route } from "../publish/tables.ts";

/** Tables one after another, and what the workers are told of each. */
class Story {
  readonly budget: ListenerBudget;
  #table: Table = emptyTable;

  /** With descriptors for so many services. */
  constructor(most: number) {
    const hosts = ["127.0.0.1"];
    this.budget = new ListenerBudget({ workers: 3, hosts, descriptors: 128 + 12 + 4 * most });
  }

  /** Each as `app:port`; the changes as `+port`, `~port` and `-port`. */
  next(...wanted: readonly string[]): string[] {
    const routes = wanted.map((text): Route => {
      const [app = "", port] = text.split(":");
      return route(app, Number(port));
    });
    const changes = diffRoutes(this.#table.routes, routes);
    this.#table = { ...this.#table, version: this.#table.version + 1, routes };
    const signs = { added: "+", changed: "~", removed: "-" } as const;
    const told = this.budget.admit(this.#table, changes);
    return told.map(({ kind, key }) => signs[kind] + key.slice("tcp/".length));
  }
}

test("while there is room, changes are passed on as they are", () => {
  const story = new Story(10);
  assert.deepEqual(story.next("/a:1", "/b:2"), ["+1", "+2"]);
  assert.deepEqual(story.next("/c:1"), ["~1", "-2"]);
  assert.deepEqual(story.budget.problems(), []);
  assert.deepEqual(story.budget.missing(), []);
});

test("who has a place keeps it, and one that becomes free goes to who waits", () => {
  const story = new Story(2);
  assert.deepEqual(story.next("/b:2", "/c:3"), ["+2", "+3"]);
  assert.deepEqual(story.next("/a:1", "/b:2", "/c:3"), []);
  assert.deepEqual(story.next("/d:1", "/b:2", "/c:3"), [], "one that waits is not open");
  assert.deepEqual(story.budget.missing(), ["tcp/1 127.0.0.1:1"]);
  assert.deepEqual(story.next("/d:1", "/c:3"), ["-2", "+1"]);
  assert.deepEqual(story.budget.missing(), []);
});

test("an app of many ports takes none from an app of few", () => {
  const story = new Story(4);
  const told = story.next("/many:1", "/many:2", "/many:3", "/many:4", "/one:5", "/two:6", "/two:7");
  assert.deepEqual(told.toSorted(), ["+1", "+2", "+5", "+6"]);
  assert.deepEqual(story.next("/many:1", "/many:2", "/many:3", "/new:8").toSorted(), [
    "+3",
    "+8",
    "-4",
    "-5",
    "-6",
    "-7",
  ]);
});

test("threads have their own descriptors beside those of ports and clients", () => {
  const [few, many] = [1, 16].map((workers) =>
    new ListenerBudget({ workers, hosts: ["127.0.0.1"], descriptors: 1024 }).leftFor(emptyTable),
  );
  assert.equal((few?.connections ?? 0) - (many?.connections ?? 0), (15 * 6) / 2);
});

test("an app is told what of it is not open, and the way out", () => {
  const story = new Story(1);
  story.next(...[1, 2, 3, 4, 5, 6, 7, 8].map((port) => `/many:${port}`));
  assert.deepEqual(story.budget.problems(), [
    {
      kind: "limit-reached",
      subject: "/many",
      reason:
        "tcp/2, tcp/3, tcp/4, tcp/5, tcp/6 and 2 more not opened: all 1 ports that the limit of descriptors allows are; raise the limit (ulimit -n), or have fewer",
    },
  ]);
});
