import assert from "node:assert/strict";
import { suite, test } from "node:test";

import fc from "fast-check";

import { formatDuration, longestTimerMs, parseDuration } from "../../../src/model/duration.ts";

suite("a time", () => {
  const rows: readonly (readonly [text: string, want: number | undefined])[] = [
    ["30", 30_000],
    ["30s", 30_000],
    ["30 S", 30_000],
    ["500ms", 500],
    ["2m", 120_000],
    ["1h", 3_600_000],
    ["1.5s", 1500],
    ["0.0004", undefined],
    ["0", 0],
    ["0h", 0],
    ["0.000000", 0],
    ["999999999999999h", 999_999_999_999_999 * 3_600_000],
    ["", undefined],
    [" 1", undefined],
    ["1 ", undefined],
    ["-1", undefined],
    ["+1", undefined],
    ["1.", undefined],
    [".5", undefined],
    ["1e3", undefined],
    ["1d", undefined],
    ["1h30m", undefined],
    ["Infinity", undefined],
    ["9".repeat(16), undefined],
    ["constructor", undefined],
  ];
  for (const [text, want] of rows) {
    test(`${JSON.stringify(text)} is ${want}`, () => assert.equal(parseDuration(text), want));
  }

  test("reads back as it was written, whatever it is", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: longestTimerMs }), (ms) => {
        assert.equal(parseDuration(formatDuration(ms)), ms);
      }),
    );
  });

  test("is whole and not negative, or none, for any text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double().map(String)), (text) => {
        const ms = parseDuration(text) ?? 0;
        assert.ok(Number.isInteger(ms) && ms >= 0);
      }),
    );
  });
});
