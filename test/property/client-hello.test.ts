import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HelloReader, type HelloVerdict } from "../../src/engine/tls-hello/hello-reader.ts";
import { hellos } from "../fixtures/tls-hello/hellos.ts";

function readWhole(bytes: Buffer): HelloVerdict {
  return new HelloReader().feed(bytes);
}

function readSliced(bytes: Buffer, cuts: readonly number[]): HelloVerdict {
  const reader = new HelloReader();
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted(
    (x, y) => x - y,
  );
  let verdict = reader.feed(Buffer.alloc(0));
  for (const [index, place] of [0, ...places].entries()) {
    verdict = reader.feed(bytes.subarray(place, places[index] ?? bytes.length));
  }
  return verdict;
}

const cuts = fc.array(fc.nat(), { maxLength: 20 });

test("any slicing of a hello has the same verdict", () => {
  const rows = fc.constantFrom(...hellos);
  fc.assert(
    fc.property(rows, cuts, ({ bytes }, places) => {
      assert.deepEqual(readSliced(bytes, places), readWhole(bytes));
    }),
    { numRuns: 2000 },
  );
});

test("a mutated hello never throws, and its slicing makes no difference (S07)", () => {
  const rows = fc.constantFrom(...hellos.filter(({ bytes }) => bytes.length > 0));
  const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 });
  fc.assert(
    fc.property(rows, changes, cuts, ({ bytes }, edits, places) => {
      const mutated = Buffer.from(bytes);
      for (const [at, value] of edits) mutated[at % mutated.length] = value;
      const verdict = readWhole(mutated);
      assert.deepEqual(readSliced(mutated, places), verdict);
      if (verdict.kind === "hello" && verdict.name !== undefined) {
        assert.match(verdict.name, /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/);
      }
    }),
    { numRuns: 5000 },
  );
});

test("garbage never throws", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), cuts, (garbage, places) => {
      const bytes = Buffer.from(garbage);
      assert.ok(["bad", "hello", "more"].includes(readSliced(bytes, places).kind));
    }),
    { numRuns: 2000 },
  );
});
