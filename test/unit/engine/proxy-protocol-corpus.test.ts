import assert from "node:assert/strict";
import { test } from "node:test";
import { corpus, type CorpusRow } from "../../fixtures/proxy-protocol/corpus.ts";
import { feed, slices } from "../../fixtures/proxy-protocol/feeding.ts";

const payload = Buffer.from("GET / HTTP/1.1\r\n\r\nPROXY TCP4 ");

for (const row of corpus) {
  test(`${row.id}: ${row.want.kind} (P01)`, () => {
    const { kind } = row.want;
    const isAccepted = kind === "proxied" || kind === "local";
    const bytes = isAccepted ? Buffer.concat([row.bytes, payload]) : row.bytes;
    const pieces = row.sliceLength === undefined ? [bytes] : slices(bytes, row.sliceLength);
    const fed = feed(pieces);
    assert.equal(fed.said, wanted(row));
    if (isAccepted) assert.deepEqual(fed.rest, payload);
  });

  test(`${row.id}, byte by byte: the same, and not a byte late`, () => {
    const fed = feed(slices(row.bytes, 1));
    assert.equal(fed.said, wanted(row));
    assert.equal(fed.after, row.want.kind === "bad" ? row.want.after : row.bytes.length);
  });
}

test("every id is there once", () => {
  assert.equal(new Set(corpus.map(({ id }) => id)).size, corpus.length);
});

function wanted({ bytes, want }: CorpusRow): string {
  const version = bytes[0] === 0x50 ? "v1" : "v2";
  switch (want.kind) {
    case "more":
      return "more";
    case "bad":
      return `bad ${want.reason}`;
    case "local":
      return `${version} local`;
    case "proxied":
      return `${version} ${want.source} > ${want.destination}`;
  }
}
