import assert from "node:assert/strict";
import { test } from "node:test";
import { differences, withLive } from "../../../src/config/differences.ts";
import { readConfig } from "../../../src/config/read-config.ts";
import type { Config } from "../../../src/config/settings.ts";

function config(flags: Readonly<Record<string, string>>): Config {
  const given = new Map(Object.entries(flags).map(([flag, text]) => [flag, [text]]));
  const read = readConfig({ flags: given, env: {}, readFile: () => "" });
  assert.ok(read.kind === "config");
  return read.config;
}

const before = config({ marathon: "http://me:hunter2@m1:8080", balance: "first" });
const after = config({ marathon: "http://me:hunter3@m2:8080", balance: "source", workers: "4" });

test("what differs is told in the order of the options, and no secret with it", () => {
  const found = differences(before, after);
  assert.deepEqual(
    found.map(({ text, isLive }) => [text, isLive]),
    [
      ["marathon: http://m1:8080/ → http://m2:8080/", false],
      ["balance: first → source", true],
      ["workers: 1 → 4", false],
    ],
  );
});

test("a configuration differs in nothing from itself, whatever its order", () => {
  assert.deepEqual(
    differences(before, config({ balance: "first", marathon: "http://me:hunter2@m1:8080" })),
    [],
  );
});

test("only what is live is taken over", () => {
  const { balance, workers, marathon } = withLive(before, after);
  assert.deepEqual([balance, workers, marathon], ["source", 1, before.marathon]);
});
