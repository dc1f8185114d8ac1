import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";

import { Conversation, type Script } from "../../src/health/probes/conversation.ts";
import { toResult } from "../../src/health/probes/finding.ts";
import { locked, redis, rows, scripts } from "./probe-answer-rows.ts";

/** What was said, and what came of it: the reason, or undefined while there is none. */
interface Course {
  readonly said: string;
  readonly kind: string | undefined;
  readonly reason: string | undefined;
  readonly isDecisive: boolean;
}

/** Leads a script through an answer in these pieces, with its end when that is reached without a finding. */
function lead(script: Script, pieces: readonly Buffer[], ends: boolean): Course {
  const said: Buffer[] = [];
  const conversation = new Conversation(script, (bytes) => void said.push(bytes));
  let finding = conversation.begin();
  for (const piece of pieces) finding ??= conversation.hear(piece);
  if (ends) finding ??= conversation.end();
  const result = finding && toResult(finding, 3);
  return {
    said: Buffer.concat(said).toString("latin1"),
    kind: result?.kind,
    reason: result?.reason,
    isDecisive: result?.kind === "bad" && result.decisive,
  };
}

suite("answers and what they come to", () => {
  for (const { name, script, answer, want, ends = false } of rows) {
    test(name, () => {
      assert.equal(lead(script, [Buffer.from(answer, "latin1")], ends).reason, want);
    });
  }

  test("only another role is a decisive no", () => {
    for (const { name, script, answer, want, ends = false } of rows) {
      const { isDecisive, kind } = lead(script, [Buffer.from(answer, "latin1")], ends);
      const isRole = want?.startsWith("role:") === true;
      assert.equal(isDecisive, isRole && kind === "bad", name);
    }
  });

  test("a password is sent byte by byte, whatever is in it", () => {
    const { said } = lead(locked, [Buffer.from("+OK\r\n")], false);
    const ping = "*1\r\n$4\r\nPING\r\n";
    assert.equal(said, `*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$4\r\np\r\nw\r\n${ping}`);
  });

  test("time's up: silence is told from an answer without the point", () => {
    const conversation = new Conversation(redis, () => undefined);
    conversation.begin();
    assert.equal(toResult(conversation.late(), 2000).reason, "L7TOUT in 2000 ms");
    conversation.hear(Buffer.from("+PO"));
    assert.equal(toResult(conversation.late(), 2000).reason, "L7TOUT: not answered within 3 bytes");
  });
});

/** The same bytes in pieces of these lengths, again and again; 0 makes an empty piece. */
function sliced(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, next = 0; at < bytes.length; next += 1) {
    const length = lengths[next % lengths.length] ?? bytes.length;
    // A copy, as a socket would reuse its memory.
    pieces.push(Buffer.from(bytes.subarray(at, at + length)));
    at += length;
  }
  return pieces;
}

const lengths = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 30_000 })), {
    minLength: 1,
    maxLength: 12,
  })
  .filter((all) => all.some((length) => length > 0));

/** Bytes that are nearly an answer: parts of real ones in any order, with noise in between. */
const nearly = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...rows.filter(({ answer }) => answer.length < 200).map(({ answer }) => answer),
      ),
      fc.constantFrom(
        "\r\n",
        "\n",
        "\r",
        "$5\r\n",
        "220 ",
        "250-",
        "+PONG\r\n",
        "HTTP/1.1 ",
        "role:",
      ),
      fc.string({ unit: "binary-ascii", maxLength: 20 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.from(parts.join(""), "latin1"));
const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));

suite("answers in any pieces", () => {
  test("every short answer above comes to the same cut in two anywhere, and byte by byte", () => {
    for (const { name, script, answer, ends = false } of rows) {
      if (answer.length > 300) continue;
      const bytes = Buffer.from(answer, "latin1");
      const whole = lead(script, [bytes], ends);
      assert.deepEqual(lead(script, sliced(bytes, [1]), ends), whole, name);
      for (let at = 1; at < bytes.length; at += 1)
        assert.deepEqual(lead(script, sliced(bytes, [at, Infinity]), ends), whole, name);
    }
  });

  test("every answer above comes to the same however it is cut (HC05)", () => {
    fc.assert(
      fc.property(fc.constantFrom(...rows), lengths, ({ script, answer, ends = false }, cuts) => {
        // A long answer a byte at a time proves no more than a short one.
        const fair = answer.length > 1000 ? cuts.map((length) => 512 * length) : cuts;
        const bytes = Buffer.from(answer, "latin1");
        assert.deepEqual(lead(script, sliced(bytes, fair), ends), lead(script, [bytes], ends));
      }),
      { numRuns: 1000 },
    );
  });

  test("so does anything else, without a throw, and with a reason that is safe to show", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...scripts),
        fc.oneof(nearly, noise),
        fc.record({ cuts: lengths, ends: fc.boolean() }),
        (script, bytes, { cuts, ends }) => {
          const whole = lead(script, [bytes], ends);
          assert.deepEqual(lead(script, sliced(bytes, cuts), ends), whole);
          assert.match(whole.reason ?? "-", /^\P{Cc}{1,120}$/u);
          assert.ok(!ends || whole.reason !== undefined);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
