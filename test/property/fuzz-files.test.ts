import assert from "node:assert/strict";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { readConfigFile } from "../../src/config/config-file.ts";
import { OwnedFiles } from "../../src/publish/owned-files.ts";
import { formatState, parseState } from "../../src/publish/state-file.ts";
import { replica, service } from "../support/services.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

const state = formatState({
  services: [service("/web", 80, { replicas: [replica("10.0.0.1:80")] })],
  savedAt: 5,
});

test("a state file that anybody has touched is not used, and never an exception (M03)", () => {
  const touched = fc
    .tuple(fc.nat({ max: state.length }), fc.nat({ max: 20 }), fc.string({ unit: "binary" }))
    .map(([at, dropped, text]) => state.slice(0, at) + text + state.slice(at + dropped));
  for (const given of [state.slice(0, -1), `${state.slice(0, -1)} `, state.replace("\n", " \n")])
    assert.equal(parseState(given, 6), "its checksum is wrong");
  const text = fc.oneof(touched, fc.string({ unit: "binary" }), fc.json());
  fc.assert(
    fc.property(text, (given) => {
      const read = parseState(given, 6);
      assert.equal(typeof read, given === state ? "object" : "string");
      if (typeof read === "string") assert.ok(read.length < 200, read);
    }),
    { numRuns: 2000 },
  );
});

test("no manifest makes a path, a hidden file or a foreign name ours (X04)", async () => {
  using folder = new TemporaryFolder();
  const line = fc.oneof(
    fc.constantFrom(
      "../x.instances",
      "/etc/passwd",
      "a/b.instances",
      ".instances",
      "x",
      "a.instances",
    ),
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.string({ maxLength: 260 }).map((name) => `${name}.instances`),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 50 }), async (lines) => {
      writeFileSync(folder.file(".portolan-files"), lines.join("\n"));
      const owned = await OwnedFiles.read(folder.path);
      for (const name of owned.names()) assert.match(name, /^\w[\w.-]{0,250}\.instances$/);
    }),
    { numRuns: 300 },
  );
});

test("a manifest that is a link or a folder is refused, and what it points to is left alone (X04)", async () => {
  using folder = new TemporaryFolder();
  mkdirSync(folder.file("linked"));
  writeFileSync(folder.file("secret"), "a.instances\n");
  symlinkSync(folder.file("secret"), folder.file("linked/.portolan-files"));
  await assert.rejects(OwnedFiles.read(folder.file("linked")));
  mkdirSync(folder.file("folder"));
  mkdirSync(folder.file("folder/.portolan-files"));
  await assert.rejects(OwnedFiles.read(folder.file("folder")));
  assert.deepEqual(readdirSync(folder.path).toSorted(), ["folder", "linked", "secret"]);
});

test("no configuration file, YAML or JSON, is an exception or a long story (L23)", () => {
  const key = fc.constantFrom(
    "marathon",
    "bind",
    "workers",
    "port-range",
    "__proto__",
    "constructor",
    "x",
  );
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom("!!js/function x", "*a", "&a [*a]", "\u0000", "|"),
  );
  const yaml = fc
    .array(fc.tuple(key, value), { maxLength: 6 })
    .map((pairs) =>
      pairs
        .map(([name, is]) => `${name}: ${typeof is === "string" ? is : JSON.stringify(is)}`)
        .join("\n"),
    );
  fc.assert(
    fc.property(
      fc.constantFrom("a.yaml", "a.json"),
      fc.oneof(yaml, fc.string(), fc.json()),
      (path, text) => {
        const { problems } = readConfigFile(path, text);
        for (const problem of problems)
          assert.ok(problem.length < 2000 && !/\p{Cc}/u.test(problem));
        assert.equal(Reflect.get({}, "polluted"), undefined);
      },
    ),
    { numRuns: 1000 },
  );
});
