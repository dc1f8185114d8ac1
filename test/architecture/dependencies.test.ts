import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { at, entriesAt } from "../docker/documents.ts";

const root = new URL("../../", import.meta.url);
const manifest: unknown = JSON.parse(read("package.json"));
const lock: unknown = JSON.parse(read("package-lock.json"));
const packages = entriesAt(lock, "packages").filter(([path]) => path !== "");

function read(file: string): string {
  return readFileSync(new URL(file, root), "utf8");
}

test("every package is named by the checksum of its bytes, and none by a place to get it from (D01)", () => {
  assert.ok(packages.length > 50);
  for (const [path, one] of packages) {
    assert.match(String(at(one, "integrity")), /^sha512-[\w+/]{86}==$/, path);
    assert.match(String(at(one, "version")), /^\d+\.\d+\.\d+[\w.+-]*$/, path);
    // Where there is no address the registry that is set is asked, and the checksum decides.
    const from = at(one, "resolved");
    if (from !== undefined)
      assert.match(JSON.stringify(from), /^"https:\/\/registry\.npmjs\.org\//);
    assert.equal(at(one, "link"), undefined, path);
  }
});

test("the lock is that of the manifest, whose versions are exact (D01)", () => {
  for (const kind of ["dependencies", "devDependencies"]) {
    const wanted = entriesAt(manifest, kind);
    assert.deepEqual(wanted, entriesAt(lock, "packages", "", kind));
    for (const [name, version] of wanted) {
      assert.equal(at(lock, "packages", `node_modules/${name}`, "version"), version, name);
    }
  }
});

test("no package runs a script when it is installed, but the one that is the runtime (D02)", () => {
  const scripted = packages.filter(([, one]) => at(one, "hasInstallScript") === true);
  assert.deepEqual(
    scripted.map(([path]) => path),
    ["node_modules/node"],
  );
  assert.deepEqual(at(manifest, "allowScripts"), { node: true });
});

test("no package that runs has a hole that is known to be grave (D03)", (t) => {
  const args = ["audit", "--omit=dev", "--audit-level=high", "--json"];
  const { stdout } = spawnSync("npm", args, { cwd: root, encoding: "utf8", timeout: 20_000 });
  const found = stdout.startsWith("{") ? at(JSON.parse(stdout), "vulnerabilities") : undefined;
  if (found === undefined) {
    t.skip("the registry does not say what it knows of packages");
    return;
  }
  const grave = entriesAt(found).filter(([, one]) =>
    ["high", "critical"].includes(String(at(one, "severity"))),
  );
  assert.deepEqual(grave, []);
});

const makers = "createServer|createSocket|createConnection|connect|request|spawn|Worker";
const made = new RegExp(`(?:const|let) (\\w+)(?:: \\w+)? = (?:new )?(?:${makers})\\(`, "g");

test("what can fail by an event has a listener for it in the function that makes it (D08)", () => {
  const seen: string[] = [];
  for (const file of globSync("src/**/*.ts", { cwd: root.pathname })) {
    const text = read(file);
    if (!/from "node:(?:net|dgram|tls|http|https|child_process|worker_threads)"/.test(text))
      continue;
    for (const { 1: name = "", index } of text.matchAll(made)) {
      seen.push(`${file}: ${name}`);
      const end = text.indexOf("\n}\n", index);
      const listens = new RegExp(`\\b${name}\\s*\\.(?:on|once)\\(\\s*"error"`);
      assert.match(text.slice(index, end), listens, `${file}: ${name}`);
    }
  }
  assert.ok(seen.length >= 10, seen.join("\n"));
});
