import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { crc32c } from "../../src/engine/proxy-protocol/crc32c.ts";
import { formatV1, formatV2 } from "../../src/engine/proxy-protocol/format.ts";
import type { Address } from "../../src/model/address.ts";
import { corpus } from "../fixtures/proxy-protocol/corpus.ts";
import { feed, slices } from "../fixtures/proxy-protocol/feeding.ts";
import { checksumBitByBit, readNaively, urlHost } from "../fixtures/proxy-protocol/naive-reader.ts";

const signature = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
const port = fc.integer({ min: 0, max: 65_535 });
const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength, size: "max" }).map((array) => Buffer.from(array));

// Few distinct groups, so that runs of zeroes and IPv4-mapped addresses come up.
const group = fc.oneof(fc.constantFrom("0", "0", "0", "ffff", "1"), fc.nat(0xffff).map(hex));
const ipv6 = fc.oneof(
  fc.ipV6(),
  fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(":")),
  fc.ipV4().map((host) => `::ffff:${host}`),
);
const host = fc.oneof(fc.ipV4(), ipv6);
const ends = fc.record({
  source: fc.record({ host, port }),
  destination: fc.record({ host, port }),
});

/** Lines that are nearly right: each part is drawn from good and bad ones. */
const line = fc
  .tuple(
    fc.constantFrom("PROXY ", "PROXY ", "PROXY ", "PROX ", "PROXY  ", "proxy "),
    fc.constantFrom("TCP4", "TCP4", "TCP6", "TCP6", "UNKNOWN", "UDP4", "TCP4 ", "UNKNOWNS"),
    fc.array(
      fc.oneof(host, port.map(String), fc.constantFrom("", "01", "1.2.3", "::1%1", "65536")),
      {
        minLength: 2,
        maxLength: 4,
      },
    ),
    fc.oneof(port.map(String), fc.constantFrom("00", "70000", "")),
    fc.constantFrom("\r\n", "\r\n", "\r\n", "\n", "\r", "", " \r\n"),
  )
  .map(([start, protocol, fields, last, end]) =>
    Buffer.from(`${start}${[protocol, ...fields, last].join(" ")}${end}`, "latin1"),
  );

/** Well-formed lines of either family, in every spelling of the addresses. */
const goodLine = fc
  .oneof(
    fc.tuple(fc.constant("TCP4"), fc.ipV4(), fc.ipV4()),
    fc.tuple(fc.constant("TCP6"), ipv6, ipv6),
  )
  .chain(([protocol, from, to]) =>
    fc
      .tuple(port, port)
      .map(([fromPort, toPort]) => `PROXY ${protocol} ${from} ${to} ${fromPort} ${toPort}\r\n`),
  )
  .map((text) => Buffer.from(text, "latin1"));

const addition = fc
  .tuple(
    fc.constantFrom(1, 2, 3, 4, 5, 0x20, 0xe0),
    bytes(8),
    fc.constantFrom(0, 0, 0, 0, 0, 1, -1),
  )
  .map(([type, value, error]) =>
    Buffer.from([type, 0, Math.max(value.length + error, 0), ...value]),
  );

const sizes = new Map([
  [0x11, 12],
  [0x21, 36],
  [0x31, 216],
]);

/** Blocks that are nearly right, with a right checksum, a wrong one or none. */
const block = fc
  .record({
    command: fc.constantFrom(0x21, 0x21, 0x21, 0x20, 0x22, 0x11),
    family: fc.constantFrom(0x11, 0x11, 0x21, 0x21, 0x31, 0x00, 0x10, 0x12, 0x41, 0x13),
    isMapped: fc.boolean(),
    ends: fc.uint8Array({ minLength: 216, maxLength: 216 }),
    additions: fc.array(addition, { maxLength: 4 }),
    checksum: fc.constantFrom("none", "right", "wrong"),
    error: fc.constantFrom(0, 0, 0, 0, 1, -1),
  })
  .map(({ command, family, isMapped, ends: noise, additions, checksum, error }) => {
    const size = sizes.get(family) ?? 0;
    const body = Buffer.from(noise.subarray(0, size));
    if (isMapped && family === 0x21) body.write("00000000000000000000ffff", "hex");
    const sum = checksum === "none" ? Buffer.alloc(0) : Buffer.from([3, 0, 4, 0, 0, 0, 0]);
    const rest = Buffer.concat([body, ...additions, sum]);
    const length = Math.max(rest.length + error, 0);
    const header = Buffer.concat([
      signature,
      Buffer.from([command, family, length >> 8, length & 255]),
      rest,
    ]);
    if (checksum === "right") header.writeUInt32BE(checksumBitByBit(header), header.length - 4);
    return header;
  });

const known = fc.constantFrom(...corpus.map((row) => row.bytes));

/** A header with some of its bytes replaced by none, one or two others. */
const mutated = fc
  .tuple(
    fc.oneof(known, goodLine, block),
    fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.nat(2)), { maxLength: 3 }),
  )
  .map(([header, changes]) => {
    const changed = [...header];
    for (const [position, byte, copies] of changes) {
      const at = position % Math.max(changed.length, 1);
      changed.splice(at, 1, ...Array.from({ length: copies }, () => byte));
    }
    return Buffer.from(changed);
  });

const garbage = fc
  .tuple(fc.constantFrom(Buffer.alloc(0), signature, Buffer.from("PROXY ")), bytes(300))
  .map((parts) => Buffer.concat(parts));

const input = fc
  .tuple(fc.oneof(known, goodLine, line, block, mutated, garbage), bytes(20))
  .map((parts) => Buffer.concat(parts));

test("whatever the bytes, the verdict is the naive reader's, and nothing is thrown (P10)", () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(input, (whole) => {
      const naive = readNaively(whole);
      const { said, rest } = feed([whole]);
      const accepted = said.startsWith("v") ? said : "bad";
      assert.equal(accepted, naive.said);
      if (accepted !== "bad") assert.equal(whole.length - rest.length, naive.length);
      const kind = said.includes(">") ? "proxied" : said.replace(/^v[12] /, "");
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
    }),
    { numRuns: 6000 },
  );
  for (const kind of ["proxied", "local", "more", "bad checksum", "bad tlv", "bad address"]) {
    assert.ok((seen.get(kind) ?? 0) > 5, `the inputs hardly ever come to ${kind}`);
  }
});

test("any slicing gives the same verdict, the same reason and the same rest", () => {
  fc.assert(
    fc.property(input, fc.array(fc.nat(60), { maxLength: 30 }), (whole, lengths) => {
      const pieces: Buffer[] = [];
      let at = 0;
      for (const length of lengths) {
        pieces.push(whole.subarray(at, at + length));
        at = Math.min(at + length, whole.length);
      }
      const inOne = feed([whole]);
      const sliced = feed([...pieces, whole.subarray(at)]);
      const byteByByte = feed(slices(whole, 1));
      for (const other of [sliced, byteByByte]) {
        assert.equal(other.said, inOne.said);
        if (inOne.said.startsWith("v")) assert.deepEqual(other.rest, inOne.rest);
      }
    }),
    { numRuns: 2000 },
  );
});

test("no part of a good header is refused or accepted before its last byte", () => {
  fc.assert(
    fc.property(fc.oneof(goodLine, block, known), (header) => {
      const { length, said } = readNaively(header);
      if (said === "bad") return;
      const { after, said: verdict } = feed(slices(header, 1));
      assert.deepEqual([verdict, after], [said, length]);
    }),
    { numRuns: 1000 },
  );
});

test("what is formatted is read as it was, whatever the families and the spelling (P05)", () => {
  fc.assert(
    fc.property(ends, (given) => {
      const want = `${plain(given.source)} > ${plain(given.destination)}`;
      assert.equal(feed([formatV1(given)]).said, `v1 ${want}`);
      assert.equal(feed([formatV2(given)]).said, `v2 ${want}`);
    }),
    { numRuns: 2000 },
  );
});

test("a line names one family, and both addresses are of it (P06)", () => {
  fc.assert(
    fc.property(ends, (given) => {
      const text = formatV1(given).toString("latin1");
      assert.ok(text.length <= 104);
      assert.match(text, /^PROXY (TCP4 [\d.]+ [\d.]+|TCP6 [\da-f:]+ [\da-f:]+) \d+ \d+\r\n$/);
    }),
  );
});

test("checksums are those of the textbook, in one go and in parts", () => {
  fc.assert(
    fc.property(bytes(300), bytes(50), (head, tail) => {
      const want = checksumBitByBit(Buffer.concat([head, tail]));
      assert.equal(crc32c(Buffer.concat([head, tail])), want);
      assert.equal(crc32c(tail, crc32c(head)), want);
    }),
    { numRuns: 200 },
  );
});

function plain(end: Address): string {
  return `${end.host.includes(":") ? urlHost(end.host) : end.host}:${end.port}`;
}

function hex(value: number): string {
  return value.toString(16);
}
