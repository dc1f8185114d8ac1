import assert from "node:assert/strict";
import { test } from "node:test";
import { nameFiles, type FileNaming } from "../../../src/publish/file-name.ts";
import { routesByApp } from "../../../src/routing/app-ports.ts";
import type { Route } from "../../../src/routing/table.ts";
import { route } from "./tables.ts";

function stems(routes: readonly Route[], naming: FileNaming = "readme"): string[] {
  return nameFiles(routesByApp(routes), naming).named.map(({ stem }) => stem);
}

const rows: readonly {
  name: string;
  routes: readonly Route[];
  naming?: FileNaming;
  want: readonly string[];
}[] = [
  {
    name: "one port is named after its app",
    routes: [route("/developer/trapni/php", 8080)],
    want: ["developer.trapni.php"],
  },
  {
    name: "mmsd's form has the index and the service port",
    routes: [route("/developer/trapni/php", 8080)],
    naming: "mmsd",
    want: ["developer.trapni.php-0-8080"],
  },
  {
    name: "further ports of an app have the suffix",
    routes: [route("/a", 2000), route("/a", 1000), route("/a", 3000)],
    want: ["a", "a-1-2000", "a-2-3000"],
  },
  {
    name: "the places that a source tells win over the order of the ports",
    routes: [route("/a", 2000, [], { portIndex: 0 }), route("/a", 1000, [], { portIndex: 1 })],
    naming: "mmsd",
    want: ["a-0-2000", "a-1-1000"],
  },
  {
    name: "an id without a slash before it, as sources other than Marathon have them",
    routes: [route("web", 1000), route("team/api", 2000), route("_http._tcp.x", 3000)],
    want: ["team.api", "web", "_http._tcp.x"],
  },
  {
    name: "a port for both protocols has two files",
    routes: [route("/a", 53, [], { protocol: "udp" }), route("/a", 53)],
    naming: "mmsd",
    want: ["a-0-53", "a-0-53-udp"],
  },
];

for (const { name, routes, naming, want } of rows)
  test(name, () => assert.deepEqual(stems(routes, naming), want));

test("two ids with one name have two files, and the one without dots keeps the plain name (X02)", () => {
  const routes = [route("/a.b", 1000), route("/a/b", 2000), route("/a.b-1-3000", 4000)];
  const [first, second, third] = stems([...routes, route("/a/b", 3000)]);
  assert.equal(first, "a.b");
  assert.equal(second, "a.b-1-3000");
  assert.match(third ?? "", /^a\.b-[0-9a-f]{8}$/);
  assert.equal(new Set(stems([...routes, route("/a/b", 3000)])).size, 4);
});

test("`/web` and `web` have a file each, and the one with the slash keeps the plain name (X02)", () => {
  const [first, second] = stems([route("web", 1000), route("/web", 2000)]);
  assert.equal(first, "web");
  assert.match(second ?? "", /^web-[0-9a-f]{8}$/);
});

test("a name does not change when the apps come in another order", () => {
  const routes = [route("/a.b", 1000), route("/a/b", 2000), route("/a/b.c", 3000)];
  assert.deepEqual(stems(routes).toSorted(), stems(routes.toReversed()).toSorted());
});

test("a long id is cut to what a file name can be", () => {
  const long = `/${"x".repeat(400)}`;
  const [one, other] = stems([route(long, 1000), route(`${long}y`, 2000)]);
  assert.ok((one?.length ?? 999) < 200 && (other?.length ?? 999) < 200);
  assert.notEqual(one, other);
});

const hostile = [
  "/../../etc/cron.d/x",
  "/..",
  "//",
  "",
  "/",
  "/a/./b",
  "/a/../b",
  "/%2e%2e",
  "/a\0",
  "/a\n",
  "/a\u202Eb",
  "/.hidden",
  "/-rf",
  "..",
  "../x",
  "a/../b",
  "a//b",
  "web/",
  "web\n",
  ".web",
  `/${"x".repeat(4096)}`,
];

test("ids that cannot be a file name are reported and harm nobody else (X01)", () => {
  const routes = hostile.map((app, index) => route(app, 1000 + index));
  const { named, problems } = nameFiles(routesByApp([...routes, route("/good", 80)]), "readme");
  assert.deepEqual(
    named.map(({ stem }) => stem),
    ["good"],
  );
  assert.equal(problems.length, hostile.length);
  for (const { subject } of problems) assert.doesNotMatch(subject, /[\0\n\u202E]/);
});
