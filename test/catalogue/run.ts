import { globSync } from "node:fs";
import { relative } from "node:path";
import { run } from "node:test";
import { parseArgs } from "node:util";
import { formatSummary, formatTable, type Ended } from "./results.ts";
import { rowIdsOf, writtenTests } from "./row-ids.ts";
import { rows } from "./rows.ts";

const root = new URL("../..", import.meta.url).pathname;
const { positionals: parts } = parseArgs({ allowPositionals: true });

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

const ended = await runTests(chosen.map((file) => `${root}${file}`));
console.log(formatTable(rows, ended));
console.log(`\n${formatSummary(rows, ended)}`);
if (ended.some(({ result }) => result === "failed")) process.exitCode = 1;

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
