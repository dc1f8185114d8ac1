import { globSync, readFileSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { run } from "node:test";
import { parseArgs } from "node:util";
import { formatCoverage } from "./coverage.ts";
import { formatSummary, formatTable, type Ended } from "./results.ts";
import { rowIdsOf, writtenTests } from "./row-ids.ts";
import { rows } from "./rows.ts";

const root = new URL("../..", import.meta.url).pathname;
const { positionals: parts, values } = parseArgs({
  allowPositionals: true,
  options: { readme: { type: "boolean", default: false } },
});

// Only files that show a row are run, unless some are asked for by a part of their names.
const showing = new Set(
  writtenTests()
    .filter(({ name }) => rowIdsOf(name).length > 0)
    .map(({ file }) => file),
);
const chosen = globSync("test/**/*.test.ts", { cwd: root }).filter((file) => {
  if (parts.length > 0) return parts.some((part) => file.includes(part));
  // Suites that several implementations share are run by files of their own.
  return showing.has(file) || file.endsWith("-contract.test.ts");
});

if (values.readme) writeReadme();
else await showTable();

async function showTable(): Promise<void> {
  const ended = await runTests(chosen.map((file) => `${root}${file}`));
  console.log(formatTable(rows, ended));
  console.log(`\n${formatSummary(rows, ended)}`);
  if (ended.some(({ result }) => result === "failed")) process.exitCode = 1;
}

/** Writes anew what the README beside this file says of what is covered. */
function writeReadme(): void {
  const file = new URL("README.md", import.meta.url);
  const heading = "## What is covered\n\n";
  const [before = ""] = readFileSync(file, "utf8").split(heading);
  writeFileSync(file, `${before}${heading}${formatCoverage()}\n`);
}

async function runTests(files: string[]): Promise<Ended[]> {
  const results: Ended[] = [];
  const stream = run({ files, cwd: root, timeout: 120_000, concurrency: true });
  const note = (
    result: "passed" | "failed",
    { file = "", name, skip }: { file?: string; name: string; skip?: string | boolean },
  ): void => {
    const isSkipped = skip !== undefined && skip !== false;
    const why = typeof skip === "string" ? skip : undefined;
    const place = relative(root, file);
    results.push({ file: place, name, result: isSkipped ? "skipped" : result, why });
    if (result === "failed" || rowIdsOf(name).length > 0) {
      console.error(`${isSkipped ? "skipped" : result} ${place}: ${name}`);
    }
  };
  stream.on("test:pass", (data) => note("passed", data));
  stream.on("test:fail", (data) => note("failed", data));
  for await (const _ of stream) {
    // The events above have all that is needed; the stream has to be read for them to come.
  }
  return results;
}
