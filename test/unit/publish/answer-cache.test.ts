import assert from "node:assert/strict";
import { test } from "node:test";
import { encode, type Answer } from "dns-packet";
import { AnswerCache } from "../../../src/publish/dns/answer-cache.ts";

function answer(ttls: readonly number[], flags = 0): Buffer {
  const answers: Answer[] = ttls.map((ttl) => ({ type: "A", name: "a", ttl, data: "10.0.0.1" }));
  return encode({ type: "response", flags, answers });
}

/** Which of these moments, in ms, still find what was put at 0. */
function keptAt(reply: Buffer, moments: readonly number[]): number[] {
  let now = 0;
  const cache = new AnswerCache({ mostAnswers: 10, longestMs: 5000, now: () => now });
  cache.put("key", reply);
  return moments.filter((moment) => {
    now = moment;
    return cache.get("key") === reply;
  });
}

const rows: readonly { name: string; reply: Buffer; want: number[] }[] = [
  { name: "as long as the record that lives shortest", reply: answer([60, 2]), want: [0, 1999] },
  { name: "never longer than its own bound", reply: answer([3600]), want: [0, 1999, 2000, 4999] },
  { name: "not at all without records", reply: answer([]), want: [] },
  { name: "not at all with a record that may not be kept", reply: answer([60, 0]), want: [] },
  { name: "not at all when it is cut", reply: answer([60], 0x02_00), want: [] },
  { name: "not at all when it is a failure", reply: answer([60], 2), want: [] },
  { name: "also when it says that there is no such name", reply: answer([1], 3), want: [0] },
  { name: "not at all when it cannot be read", reply: Buffer.from("no answer at all"), want: [] },
];

for (const { name, reply, want } of rows)
  test(`an answer is kept ${name}`, () =>
    assert.deepEqual(keptAt(reply, [0, 1999, 2000, 4999, 5000]), want));

test("the oldest goes first, and an answer that is put again is young", () => {
  const cache = new AnswerCache({ mostAnswers: 2, longestMs: 5000, now: () => 0 });
  for (const key of ["a", "b", "a", "c"]) cache.put(key, answer([60]));
  assert.deepEqual(
    ["a", "b", "c"].filter((key) => cache.get(key) !== undefined),
    ["a", "c"],
  );
});
