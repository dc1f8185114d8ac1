import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { readDocument } from "../../../src/discovery/document.ts";

setFlagsFromString("--expose-gc");
const collect: unknown = runInNewContext("gc");

/** An answer of 200 whose body comes in these pieces. */
function answer(
  pieces: Iterable<Uint8Array>,
  headers: Readonly<Record<string, string>> = { "transfer-encoding": "chunked" },
): Parameters<typeof readDocument>[0] {
  async function* body(): AsyncIterable<Uint8Array> {
    yield* pieces;
  }
  const made: unknown = { statusCode: 200, headers, body: body() };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is read of an answer
  return made as Parameters<typeof readDocument>[0];
}

function used(): number {
  assert.ok(typeof collect === "function");
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

suite("a document that comes in pieces", () => {
  const text = JSON.stringify({ apps: [{ id: "/ä€😀", labels: { a: "\u2028" } }] });

  for (const size of [1, 2, 3, 7, 1000]) {
    test(`of ${size} bytes is read as it is`, async () => {
      const bytes = Buffer.from(`\uFEFF${text}`);
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      const announced = { "content-length": `${bytes.length}` };
      for (const given of [answer(pieces), answer(pieces, announced)])
        assert.deepEqual(await readDocument(given, 1e6), JSON.parse(text));
    });
  }

  test("larger and smaller than what is gathered is read as it is", async () => {
    const long = "é".repeat(300_000);
    const bytes = Buffer.from(JSON.stringify({ long }));
    const cuts = [0, 1, 65_536, 65_537, 400_001, 400_002, bytes.length];
    const pieces = cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end));
    assert.deepEqual(await readDocument(answer(pieces), 1e7), { long });
  });

  test("of one byte each costs no more than its bytes (M17)", async () => {
    const count = 200_000;
    const spaces = Buffer.alloc(count, " ");
    let grown = 0;
    function* single(): Iterable<Uint8Array> {
      const before = used();
      yield Buffer.from("{");
      for (let index = 0; index < count; index += 1) yield spaces.subarray(index, index + 1);
      grown = used() - before;
      yield Buffer.from("}");
    }
    assert.deepEqual(await readDocument(answer(single()), 1e7), {});
    assert.ok(grown < 32 * count, `${grown} bytes for ${count}`);
  });
});
