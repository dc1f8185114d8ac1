import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatAnswer,
  formatRequest,
  parseAnswer,
  parseRequest,
  type Answer,
} from "../../../src/takeover/wire.ts";

test("what one says the other one understands", () => {
  const missing = ["tcp/80 127.0.0.1:80", "udp/53 [::1]:53"];
  assert.deepEqual(parseRequest(formatRequest({ missing })), { missing });
  const answers: readonly Answer[] = [
    { kind: "refused", reason: "it has ports" },
    { kind: "yielding" },
    { kind: "yielded" },
  ];
  for (const answer of answers) assert.deepEqual(parseAnswer(formatAnswer(answer)), answer);
});

test("of many missing addresses the first ones are told", () => {
  const missing = Array.from({ length: 5000 }, (_, index) => `tcp/${index} 127.0.0.1:${index}`);
  assert.deepEqual(parseRequest(formatRequest({ missing }))?.missing, missing.slice(0, 1000));
});

const strange: readonly string[] = [
  "",
  "{",
  "null",
  "[]",
  '"replace"',
  '{"kind":"stop"}',
  '{"kind":"replace"}',
  '{"kind":"replace","missing":"all"}',
  '{"kind":"__proto__"}',
];
for (const line of strange) {
  test(`${line === "" ? "nothing" : line} is neither a request nor an answer`, () => {
    assert.equal(parseRequest(line), undefined);
    assert.equal(parseAnswer(line), undefined);
  });
}

test("what a later version says besides is passed over, and no reason is endless", () => {
  assert.deepEqual(parseRequest('{"kind":"replace","missing":[1,"a",null],"more":true}'), {
    missing: ["a"],
  });
  const refused = parseAnswer(JSON.stringify({ kind: "refused", reason: "x".repeat(100_000) }));
  assert.ok(refused?.kind === "refused" && refused.reason.length === 1000);
  assert.deepEqual(parseAnswer('{"kind":"yielded","after":3}'), { kind: "yielded" });
});
