import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { retryAfterMs } from "../../../src/discovery/http-answer.ts";

const date = "Fri, 20 Nov 2026 10:00:00 GMT";
const later = "Fri, 20 Nov 2026 10:00:07 GMT";

suite("how long an answer asks to be left alone", () => {
  for (const { name, statusCode = 503, headers, want } of [
    { name: "seconds", headers: { "retry-after": "3" }, want: 3000 },
    { name: "nothing", headers: {}, want: undefined },
    { name: "a moment", headers: { "retry-after": later, date }, want: 7000 },
    { name: "a moment that has passed", headers: { "retry-after": date, date: later } },
    { name: "a moment of an unknown day", headers: { "retry-after": later } },
    { name: "no time at all", headers: { "retry-after": "soon", date } },
    { name: "a negative time", headers: { "retry-after": "-1", date } },
    { name: "twice", headers: { "retry-after": ["1", "2"] } },
    { name: "too many requests", statusCode: 429, headers: { "retry-after": "1" }, want: 1000 },
    { name: "with another status", statusCode: 500, headers: { "retry-after": "1" } },
  ]) {
    test(name, () => {
      assert.equal(retryAfterMs({ statusCode, headers }), want);
    });
  }
});
