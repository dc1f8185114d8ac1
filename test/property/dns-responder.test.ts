import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "dns-packet";
import fc from "fast-check";
import { AnswerCache } from "../../src/publish/dns/answer-cache.ts";
import { readQuery } from "../../src/publish/dns/query.ts";
import type { Response } from "../../src/publish/dns/responder.ts";
import { question, responder } from "../unit/publish/dns-messages.ts";
import { route, routed } from "../unit/publish/tables.ts";

const names = responder([
  route("/a/b", 80, [routed("10.0.0.1:31000"), routed("[fd00::1]:31000", { dialName: "agent" })]),
  route("/a/b", 53, [routed("10.0.0.1:31053")], { protocol: "udp" }),
]);

const asked = question("_0._tcp.b.a.mmsd", "SRV", { edns: 1232 });

/** A question with some of its bytes replaced, and perhaps cut or lengthened. */
const damaged = fc
  .record({
    at: fc.array(fc.tuple(fc.nat(asked.length - 1), fc.nat(255)), { maxLength: 6 }),
    cut: fc.nat(asked.length),
    tail: fc.uint8Array({ maxLength: 40 }),
  })
  .map(({ at, cut, tail }) => {
    const bytes = Buffer.from(asked);
    for (const [offset, byte] of at) bytes[offset] = byte;
    return Buffer.concat([bytes.subarray(0, bytes.length - (cut % 8 === 0 ? cut : 0)), tail]);
  });

const junk = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes));

/** What holds for whatever comes in. */
function isSound(message: Buffer, response: Response, limit: number): void {
  if (response.kind === "silence") return;
  assert.equal(response.kind, "reply");
  const { bytes } = response;
  assert.ok(bytes.length >= 12 && bytes.length <= limit);
  assert.equal(bytes.readUInt16BE(0), message.readUInt16BE(0), "the id comes back");
  assert.ok(decode(bytes).flag_qr);
}

for (const [what, messages] of [
  ["damaged questions", damaged],
  ["junk", junk],
] as const) {
  test(`${what} never break the answering, and replies to them can be read`, () => {
    fc.assert(
      fc.property(messages, (message) => {
        isSound(message, names.respond(message, "udp"), 1232);
        isSound(message, names.respond(message, "tcp"), 65_535);
      }),
      { numRuns: 3000 },
    );
  });
}

const label = fc.string({
  unit: fc.constantFrom(..."abzABZ09_-"),
  minLength: 1,
  maxLength: 20,
});

test("whatever name is asked for, it comes back letter by letter, and the answer has its case", () => {
  fc.assert(
    fc.property(fc.array(label, { minLength: 0, maxLength: 6 }), (labels) => {
      const name = [...labels, "b", "A", "mMsD"].join(".");
      const query = question(name, "A");
      const response = names.respond(query, "udp");
      assert.equal(response.kind, "reply");
      const { questions, answers = [] } = decode(response.bytes);
      assert.equal(questions?.[0]?.name, name);
      for (const record of answers) assert.equal(record.name, name);
    }),
  );
});

test("what is read of a question is what was written, in lower case", () => {
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 8 }), (labels) => {
      const read = readQuery(question(labels.join("."), "TXT", { edns: 700 }));
      assert.equal(read?.kind, "query");
      assert.equal(read.name, labels.join(".").toLowerCase());
      assert.deepEqual([read.type, read.edns?.size, read.isPlain], ["TXT", 700, true]);
    }),
  );
});

test("a cache takes any bytes for an answer and stays within its size", () => {
  const cache = new AnswerCache({ mostAnswers: 3, longestMs: 1000, now: () => 0 });
  const replies = fc.oneof(junk, damaged);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string(), replies), { maxLength: 8 }), (entries) => {
      for (const [key, answer] of entries) cache.put(key, answer);
      const kept = new Set(entries.map(([key]) => key).filter((key) => cache.get(key)));
      assert.ok(kept.size <= 3);
    }),
  );
});
