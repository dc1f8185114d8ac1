import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Results } from "../../bench/readme/results.ts";
import { sectionsOf, withSections } from "../../bench/readme/sections.ts";
import { defaultText, options, settingNames } from "../../src/config/options.ts";
import { ownOptions } from "../../src/discovery/labels/own-options.ts";
import { catalogue, replicaDetailMetrics } from "../../src/observe/catalogue.ts";

const root = new URL("../../", import.meta.url);

function read(path: string): string {
  return readFileSync(new URL(path, root), "utf8");
}

/** What stands between two markers of the README. */
function section(name: string): string {
  const match = new RegExp(`<!-- ${name} -->\n([\\s\\S]*?)<!-- /${name} -->`).exec(
    read("README.md"),
  );
  return match?.[1]?.trim() ?? "";
}

test("the README's table of options is the schema's", () => {
  const rows = settingNames.map((name) => {
    const { flag, alias, describe } = options[name];
    const short = alias === undefined ? "" : `\`-${alias}\` `;
    return `| ${short}\`--${flag}\` | ${defaultText(name) || "none"} | ${describe} |`;
  });
  const table = ["| flag | default | meaning |", "|---|---|---|", ...rows].join("\n");
  assert.equal(squeeze(section("options")), squeeze(table));
});

test("the README's table of labels is the reader's", () => {
  const rows = Object.values(ownOptions).map(
    ({ option, reader, meaning }) => `| \`${option}\` | ${reader.accepts} | ${meaning} |`,
  );
  const table = ["| option | value | meaning |", "|---|---|---|", ...rows].join("\n");
  assert.equal(squeeze(section("labels")), squeeze(table));
});

test("the README's table of metrics is the catalogue", () => {
  const rows = Object.entries(catalogue).map(([name, { type, help }]) => {
    return `| \`${name}\`${name in replicaDetailMetrics ? " *" : ""} | ${type} | ${help} |`;
  });
  const table = ["| metric | type | meaning |", "|---|---|---|", ...rows].join("\n");
  assert.equal(squeeze(section("metrics")), squeeze(table));
});

test("the README's tables of the bench are those of its results", () => {
  const text = read("README.md");
  const hint = "npm run bench -- --readme writes them";
  assert.equal(withSections(text, sectionsOf(Results.read())), text, hint);
});

test("every folder of src says in one README what it is for", () => {
  const folders = readdirSync(new URL("src/", root), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  assert.ok(folders.length >= 12);
  const overview = read("src/README.md");
  for (const { name } of folders) {
    assert.ok(existsSync(new URL(`src/${name}/README.md`, root)), `src/${name}/README.md`);
    assert.ok(overview.includes(`\`${name}\``), `${name} in src/README.md`);
  }
});

test("the data plane imports none of the control plane's libraries (D04)", () => {
  const files = ["engine", "workers", "routing", "model", "async"].flatMap((folder) =>
    readdirSync(new URL(`src/${folder}/`, root), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => `src/${folder}/${file}`),
  );
  assert.ok(files.length > 30);
  for (const file of files) {
    const foreign = [...read(file).matchAll(/from "(?!\.{1,2}\/|node:)([^"]+)"/g)].map(
      ([, name]) => name,
    );
    assert.deepEqual(foreign, [], file);
  }
});

test("runtime dependencies are the few that src/README.md argues for, each with an exact version (D04)", () => {
  const manifest: unknown = JSON.parse(read("package.json"));
  assert.ok(typeof manifest === "object" && manifest !== null && "dependencies" in manifest);
  const { dependencies } = manifest;
  assert.ok(typeof dependencies === "object" && dependencies !== null);
  const decisions = read("src/README.md");
  for (const [name, version] of Object.entries(dependencies)) {
    assert.match(String(version), /^\d+\.\d+\.\d+$/);
    assert.ok(decisions.includes(`${name} ${String(version)}`), `${name} ${String(version)}`);
  }
});

/** Formatters pad tables; what they say stays. */
function squeeze(text: string): string {
  return text
    .replaceAll(/-{3,}/g, "---")
    .replaceAll(/ +/g, " ")
    .replaceAll("| ---", "|---")
    .replaceAll("--- |", "---|");
}
