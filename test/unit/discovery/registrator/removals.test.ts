import assert from "node:assert/strict";
import { test } from "node:test";

import { announced, type Removal } from "../../../../src/discovery/registrator/removals.ts";

/** `-key` is deleted, `~key` expires; a slash at the end makes it a folder. */
async function* removals(...texts: readonly string[]): AsyncGenerator<Removal, void> {
  for (const text of texts) {
    const isFolder = text.endsWith("/");
    const key = isFolder ? text.slice(1, -1) : text.slice(1);
    yield { key, isFolder, isExpiry: text.startsWith("~") };
  }
}

interface Row {
  readonly name: string;
  readonly known?: number;
  readonly missing: readonly string[];
  readonly heard: readonly string[];
  readonly want: readonly string[];
}

const rows: readonly Row[] = [
  { name: "a deleted key", missing: ["a/1", "a/2"], heard: ["-a/1"], want: ["a/1"] },
  { name: "a key that is there", missing: ["a/1"], heard: ["-a/2", "-a/1"], want: ["a/1"] },
  { name: "a folder", missing: ["a/1", "ab/1"], heard: ["-a/"], want: ["a/1"] },
  { name: "the prefix", missing: ["a/1", "b/1"], heard: ["-/"], want: ["a/1", "b/1"] },
  { name: "an expired key", known: 1, missing: ["a/1"], heard: ["~a/1"], want: ["a/1"] },
  {
    name: "half of all expired",
    known: 8,
    missing: ["1", "2", "3", "4"],
    heard: ["~1", "~2", "~3", "~4"],
    want: ["1", "2", "3", "4"],
  },
  {
    name: "most of all expired",
    known: 7,
    missing: ["1", "2", "3", "4", "5"],
    heard: ["~1", "~2", "-5", "~3", "~4"],
    want: ["5"],
  },
  { name: "nothing", missing: ["a/1"], heard: [], want: [] },
];

for (const { name, known = 100, missing, heard, want } of rows) {
  test(`what is announced by the removal of ${name}`, async () => {
    const keys = await announced({ known, missing: new Set(missing) }, removals(...heard));
    assert.deepEqual([...keys].toSorted(), want);
  });
}
