import assert from "node:assert/strict";
import { test } from "node:test";
import { WantedFiles } from "../../../src/publish/wanted-files.ts";
import type { Route } from "../../../src/routing/table.ts";
import { route, routed, table } from "./tables.ts";

/** Files of tables, and the ports of the routes that were written out for them. */
function wanting(): { of: (routes: readonly Route[]) => Record<string, string>; out: number[] } {
  const out: number[] = [];
  const wanted = new WantedFiles({
    naming: "readme",
    checkOf: ({ port }) => {
      out.push(port);
      return undefined;
    },
  });
  return {
    out,
    of(routes) {
      out.length = 0;
      return Object.fromEntries(wanted.of(table(routes)));
    },
  };
}

/** The replicas in a file. */
function listed(content: string | undefined): string {
  return content?.split("\r\n\r\n")[1]?.trimEnd() ?? "no file";
}

test("only the routes that a table has anew are written out", () => {
  const { of, out } = wanting();
  const [one, other] = [route("/a", 80, [routed("10.0.0.1:1")]), route("/b", 81)];
  of([one, other]);
  assert.deepEqual(out, [80, 81]);
  assert.deepEqual(Object.keys(of([one, other])), ["a.instances", "b.instances"]);
  assert.deepEqual(out, []);
  const files = of([one, route("/b", 81, [routed("10.0.0.2:1")])]);
  assert.deepEqual(out, [81]);
  assert.deepEqual(Object.values(files).map(listed), ["10.0.0.1:1", "10.0.0.2:1"]);
  assert.deepEqual(Object.keys(of([one])), ["a.instances"]);
  assert.deepEqual(out, []);
});

test("a route whose name changes is written out again, though it is the same", () => {
  const { of, out } = wanting();
  const last = route("/a", 90);
  of([last]);
  const files = of([route("/a", 80), last]);
  assert.deepEqual(Object.keys(files), ["a.instances", "a-1-90.instances"]);
  assert.match(files["a-1-90.instances"] ?? "", /^Service-Name: a-1-90\r\n/);
  assert.deepEqual(out, [80, 90]);
});

test("an app that takes a port over has its file, and the one before has none", () => {
  const { of } = wanting();
  of([route("/a", 80), route("/c", 90)]);
  assert.deepEqual(Object.keys(of([route("/b", 80), route("/c", 90)])), [
    "b.instances",
    "c.instances",
  ]);
});
