import assert from "node:assert/strict";
import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { suite, test } from "node:test";
import { formatState, parseState, StateFile } from "../../../src/publish/state-file.ts";
import { eventually } from "../../support/eventually.ts";
import { keepingLogger } from "../../support/running-source.ts";
import { replica, service } from "../../support/services.ts";
import { TemporaryFolder } from "../../support/temporary-folder.ts";

const services = [
  service("/web", 1234, {
    replicas: [replica("10.0.0.1:80"), replica("[::1]:80", { draining: true })],
    policy: { allow: ["10.0.0.0/8"], closeOnDown: true },
    check: { kind: { value: "http", from: "label proto" } },
    hosts: { http: ["a.example"], httpDefault: false, tls: [], tlsDefault: true },
  }),
];
const hour = 3_600_000;

function open(path: string, lines: string[] = []): StateFile {
  return new StateFile({ path, logger: keepingLogger(lines), clock: () => 25 * hour });
}

test("what is written is read as it was", () => {
  const state = { services, savedAt: 5 };
  assert.deepEqual(parseState(formatState(state), 6), state);
});

test("no part of it is taken for the whole, and no byte may be another one (M03)", () => {
  const text = formatState({ services, savedAt: 5 });
  for (let length = 0; length < text.length; length += 1) {
    assert.equal(typeof parseState(text.slice(0, length), 6), "string", `${length} characters`);
  }
  for (let at = 0; at < text.length - 1; at += 7) {
    const changed = `${text.slice(0, at)}${text[at] === "0" ? "1" : "0"}${text.slice(at + 1)}`;
    assert.equal(typeof parseState(changed, 6), "string", `character ${at}`);
  }
});

suite("a state file is not used", () => {
  const old = formatState({ services, savedAt: 0 });
  const rows: readonly (readonly [what: string, text: string, why: RegExp])[] = [
    ["that is empty", "", /no state file/],
    ["of another program", "hello\n{}\n", /no state file/],
    ["of another shape", old.replace("state 1 ", "state 2 "), /has shape 2, not 1/],
    ["that was changed", old.replace("10.0.0.1", "10.0.0.2"), /checksum is wrong/],
    ["of the day before yesterday", old, /older than a day/],
  ];
  for (const [what, text, why] of rows) {
    test(what, async () => {
      using folder = new TemporaryFolder();
      const path = folder.file("state");
      writeFileSync(path, text);
      const lines: string[] = [];
      await using file = open(path, lines);
      assert.equal(file.load(), undefined);
      assert.match(lines.join(), /^warn the state file is not used/);
      assert.match(lines.join(), why);
    });
  }

  test("that is a link, a folder or larger than any state (M03)", async () => {
    using folder = new TemporaryFolder();
    const target = folder.file("target");
    writeFileSync(target, formatState({ services, savedAt: 25 * hour }));
    symlinkSync(target, folder.file("link"));
    mkdirSync(folder.file("folder"));
    writeFileSync(folder.file("large"), "");
    truncateSync(folder.file("large"), 2 ** 30);
    const lines: string[] = [];
    for (const name of ["link", "folder", "large"]) {
      await using file = open(folder.file(name), lines);
      assert.equal(file.load(), undefined, name);
    }
    const reasons = lines.map((line) => /"reason":"([^"]*)"/.exec(line)?.[1]);
    assert.deepEqual(reasons, [
      "it cannot be read: it is a symbolic link",
      "it is no regular file",
      "it is larger than 256 MiB",
    ]);
  });
});

test("none at all is no news", async () => {
  using folder = new TemporaryFolder();
  const lines: string[] = [];
  await using file = open(folder.file("state"), lines);
  assert.equal(file.load(), undefined);
  assert.deepEqual(lines, []);
});

test("the newest state is written, at the latest when the file is closed", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("state");
  {
    await using file = open(path);
    file.save([]);
    file.save(services);
  }
  assert.deepEqual(parseState(readFileSync(path, "utf8"), 25 * hour), {
    services,
    savedAt: 25 * hour,
  });
});

test("a file that cannot be written is told once, and written when it can be", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("missing/state");
  const lines: string[] = [];
  await using file = open(path, lines);
  file.save([]);
  await eventually(() => lines.length === 1);
  assert.match(lines[0] ?? "", /^error the state file cannot be written .*ENOENT/);
  mkdirSync(folder.file("missing"));
  file.save(services);
  await using reader = open(path);
  await eventually(() => reader.load()?.services.length === 1);
  assert.equal(lines.length, 1);
});
