import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32c } from "../../../src/engine/proxy-protocol/crc32c.ts";
import { HeaderReader } from "../../../src/engine/proxy-protocol/parse.ts";
import { feed, inWords, slices } from "../../fixtures/proxy-protocol/feeding.ts";

const proxied4 = "127.0.0.2:4369 > 127.0.0.1:8738";
const proxied6 = "[2001:db8::1]:4369 > [2001:db8::2]:8738";
const ipv4 = "7f000002 7f000001 1111 2222";
const ipv6 = "20010db8000000000000000000000001 20010db8000000000000000000000002 1111 2222";
const unix = `${"2f746d702f61".padEnd(216, "0")} ${"2f746d702f62".padEnd(216, "0")}`;

const lines: readonly { name: string; text: string; want: string }[] = [
  {
    name: "ports at their ends",
    text: "TCP4 1.2.3.4 5.6.7.8 0 65535\r\n",
    want: "v1 1.2.3.4:0 > 5.6.7.8:65535",
  },
  { name: "a port of five nines", text: "TCP4 1.2.3.4 5.6.7.8 1 99999\r\n", want: "bad port" },
  { name: "a port of two zeroes", text: "TCP4 1.2.3.4 5.6.7.8 00 1\r\n", want: "bad port" },
  { name: "a signed port", text: "TCP4 1.2.3.4 5.6.7.8 +1 1\r\n", want: "bad characters" },
  { name: "a port with a dot", text: "TCP4 1.2.3.4 5.6.7.8 1.0 1\r\n", want: "bad port" },
  { name: "a port in hexadecimal", text: "TCP6 ::1 ::2 a 1\r\n", want: "bad port" },
  {
    name: "an octet with a leading zero",
    text: "TCP4 01.2.3.4 5.6.7.8 1 1\r\n",
    want: "bad address",
  },
  { name: "a bad destination", text: "TCP4 1.2.3.4 5.6.7 1 1\r\n", want: "bad address" },
  { name: "a space at the end", text: "TCP4 1.2.3.4 5.6.7.8 1 1 \r\n", want: "bad fields" },
  { name: "a fifth field", text: "TCP4 1.2.3.4 5.6.7.8 1 1 1\r\n", want: "bad fields" },
  { name: "no fields", text: "TCP4 \r\n", want: "bad fields" },
  { name: "no space after the family", text: "TCP4\r\n", want: "bad protocol" },
  {
    name: "two spaces before the family",
    text: " TCP4 1.2.3.4 5.6.7.8 1 1\r\n",
    want: "bad protocol",
  },
  { name: "a NUL within", text: "TCP4 1.2.3.4\0 5.6.7.8 1 1\r\n", want: "bad characters" },
  { name: "a CR that ends nothing", text: "TCP4 1.2.3.4 5.6.7.8 1 1\rX", want: "bad line-ending" },
  { name: "two CRs", text: "TCP4 1.2.3.4 5.6.7.8 1 1\r\r\n", want: "bad line-ending" },
  {
    name: "IPv6 spelled otherwise",
    text: "TCP6 2001:0DB8:0::0:1 0:0:0:0:0:0:0:1 1 1\r\n",
    want: "v1 [2001:db8::1]:1 > [::1]:1",
  },
  { name: "IPv6 with a zone", text: "TCP6 fe80::1%1 ::1 1 1\r\n", want: "bad characters" },
  { name: "IPv6 with two gaps", text: "TCP6 1::2::3 ::1 1 1\r\n", want: "bad address" },
  {
    name: "a gap where nothing is missing",
    text: "TCP6 1:2:3:4:5::6:7:8 ::1 1 1\r\n",
    want: "bad address",
  },
  { name: "IPv6 too short", text: "TCP6 1:2:3:4:5:6:7 ::1 1 1\r\n", want: "bad address" },
  { name: "IPv6 in brackets", text: "TCP6 [::1] ::1 1 1\r\n", want: "bad characters" },
  {
    name: "IPv4-mapped in digits",
    text: "TCP6 ::ffff:7f00:2 ::1 1 1\r\n",
    want: "v1 127.0.0.2:1 > [::1]:1",
  },
  {
    name: "IPv4-mapped with dots",
    text: "TCP6 ::FFFF:127.0.0.2 ::1 1 1\r\n",
    want: "v1 127.0.0.2:1 > [::1]:1",
  },
  { name: "anything behind UNKNOWN", text: "UNKNOWN  TCP9 \0\xff,\r\n", want: "v1 local" },
  { name: "UNKNOWN and a space", text: "UNKNOWN \r\n", want: "v1 local" },
  { name: "UNKNOWN run on", text: "UNKNOWNS\r\n", want: "bad protocol" },
  { name: "UNKNOWN ended by LF", text: "UNKNOWN x\nGET /\r\n", want: "bad line-ending" },
  { name: "UNKNOWN ended by CR", text: "UNKNOWN x\rGET /\r\n", want: "bad line-ending" },
];

for (const { name, text, want } of lines) {
  test(`version 1: ${name}`, () => {
    const bytes = Buffer.from(`PROXY ${text}`, "latin1");
    assert.equal(feed([bytes]).said, want);
    assert.equal(feed(slices(bytes, 1)).said, want);
  });
}

const blocks: readonly { name: string; hex: string; want: string }[] = [
  { name: "IPv6", hex: `21 21 0024 ${ipv6}`, want: `v2 ${proxied6}` },
  {
    name: "IPv4-mapped at one end",
    hex: `21 21 0024 00000000000000000000ffff7f000002 ${ipv6.slice(33)}`,
    want: "v2 127.0.0.2:4369 > [2001:db8::2]:8738",
  },
  {
    name: "port 0",
    hex: "21 11 000c 7f000002 7f000001 0000 0000",
    want: "v2 127.0.0.2:0 > 127.0.0.1:0",
  },
  {
    name: "a CRC32c before a filler",
    hex: `21 11 0016 ${ipv4} 03 0004 7b6d6a47 04 0000`,
    want: `v2 ${proxied4}`,
  },
  {
    name: "a CRC32c after a filler",
    hex: `21 21 002e ${ipv6} 04 0000 03 0004 0ffe4995`,
    want: `v2 ${proxied6}`,
  },
  {
    name: "a CRC32c behind UNIX ends",
    hex: `21 31 00df ${unix} 03 0004 791ee460`,
    want: "v2 local",
  },
  {
    name: "a wrong CRC32c behind UNIX ends",
    hex: `21 31 00df ${unix} 03 0004 791ee461`,
    want: "bad checksum",
  },
  { name: "a wrong CRC32c", hex: `21 11 0013 ${ipv4} 03 0004 b73c0907`, want: "bad checksum" },
  {
    name: "a CRC32c of a port that was changed",
    hex: "21 11 0013 7f000002 7f000001 1112 2222 03 0004 b73c0906",
    want: "bad checksum",
  },
  {
    name: "a CRC32c of three bytes",
    hex: `21 11 0012 ${ipv4} 03 0003 b73c09`,
    want: "bad checksum",
  },
  { name: "a CRC32c of no bytes", hex: `21 11 000f ${ipv4} 03 0000`, want: "bad checksum" },
  {
    name: "unknown additions",
    hex: `21 11 0018 ${ipv4} e1 0001 00 ff 0002 0102 05 0000`,
    want: `v2 ${proxied4}`,
  },
  { name: "an addition of two bytes", hex: `21 11 000e ${ipv4} 04 00`, want: "bad tlv" },
  { name: "an addition of one byte", hex: `21 11 000d ${ipv4} 04`, want: "bad tlv" },
  { name: "UNIX too short", hex: "21 31 00d7", want: "bad too-short" },
  { name: "UNIX datagrams", hex: `21 32 00d8 ${unix}`, want: "bad datagram" },
  { name: "UNIX with half an addition", hex: `21 31 00d9 ${unix} 04`, want: "bad tlv" },
  { name: "IPv6 datagrams", hex: "21 22", want: "bad datagram" },
  { name: "datagrams of no family", hex: "21 02", want: "bad datagram" },
  { name: "no family", hex: "21 00 0000", want: "v2 local" },
  { name: "no family, its block skipped", hex: "21 01 0003 ffffff", want: "v2 local" },
  { name: "IPv4 over no transport", hex: "21 10 0001 ff", want: "v2 local" },
  { name: "LOCAL whatever the family", hex: "20 ff 0000", want: "v2 local" },
  { name: "LOCAL with a broken block", hex: "20 11 0003 030001", want: "v2 local" },
  { name: "LOCAL, too long", hex: "20 00 0ff1", want: "bad too-long" },
  { name: "version 3", hex: "31", want: "bad version" },
  { name: "command 15", hex: "2f", want: "bad command" },
  { name: "family 15", hex: "21 f1", want: "bad family" },
  { name: "transport 15", hex: "21 1f", want: "bad transport" },
];

for (const { name, hex, want } of blocks) {
  test(`version 2: ${name}`, () => {
    const bytes = v2(hex);
    assert.equal(feed([bytes]).said, want);
    assert.equal(feed(slices(bytes, 1)).said, want);
  });
}

test("a byte that fits neither version is bad at once", () => {
  for (const start of [Buffer.from("PROXY "), v2("21").subarray(0, 12)]) {
    for (const [index, byte] of start.entries()) {
      const wrong = Buffer.from([...start.subarray(0, index), byte ^ 0x80]);
      const fed = feed(slices(Buffer.concat([wrong, start]), 1));
      assert.deepEqual([fed.said, fed.after], ["bad signature", index + 1]);
    }
  }
});

test("a header of 4096 bytes is accepted, one of 4097 refused before its block comes (P08)", () => {
  const filler = Buffer.alloc(4096 - 16 - 12 - 3);
  const longest = Buffer.concat([v2(`21 11 0ff0 ${ipv4} 04 ${hex16(filler.length)}`), filler]);
  assert.equal(longest.length, 4096);
  assert.equal(feed([longest]).said, `v2 ${proxied4}`);
  assert.deepEqual(feed(slices(v2("21 11 0ff1"), 1)).said, "bad too-long");
});

test("1300 empty additions are skipped, in one piece and byte by byte (P08)", () => {
  const bytes = v2(`21 11 ${hex16(12 + 3900)} ${ipv4} ${"040000".repeat(1300)}`);
  assert.equal(feed([bytes]).said, `v2 ${proxied4}`);
  assert.equal(feed(slices(bytes, 1)).said, `v2 ${proxied4}`);
});

test("a second CRC32c is refused whichever is right, so that none can make the work grow", () => {
  for (const at of [31, 38]) {
    const bytes = v2(`21 11 001a ${ipv4} 03 0004 00000000 03 0004 00000000`);
    bytes.writeUInt32BE(crc32c(bytes), at);
    assert.equal(feed([bytes]).said, "bad checksum");
  }
});

test("CRC32c of known inputs", () => {
  assert.equal(crc32c(Buffer.from("123456789")), 0xe3069283);
  assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa);
  assert.equal(crc32c(Buffer.from("6789"), crc32c(Buffer.from("12345"))), 0xe3069283);
  assert.equal(crc32c(Buffer.alloc(0)), 0);
});

test("what was fed is copied, and an empty piece changes nothing", () => {
  const reader = new HeaderReader();
  const line = Buffer.from("PROXY TCP4 1.2.3.4 5.6.7.8 1 1\r\n");
  for (const piece of slices(line, 1).slice(0, -1)) {
    assert.deepEqual(reader.feed(Buffer.alloc(0)), { kind: "more" });
    assert.deepEqual(reader.feed(piece), { kind: "more" });
    piece.fill(0);
  }
  assert.equal(inWords(reader.feed(line.subarray(-1))), "v1 1.2.3.4:1 > 5.6.7.8:1");
});

test("a verdict stands: what comes later is rest, or does not mend a bad header", () => {
  const good = new HeaderReader();
  const later = Buffer.from("PROXY UNKNOWN\r\n");
  assert.equal(inWords(good.feed(Buffer.from("PROXY UNKNOWN\r\nabc"))), "v1 local");
  const again = good.feed(later);
  assert.deepEqual(again, { kind: "header", header: { version: 1, kind: "local" }, rest: later });
  const wrong = new HeaderReader();
  assert.equal(inWords(wrong.feed(Buffer.from("X"))), "bad signature");
  assert.equal(inWords(wrong.feed(later)), "bad signature");
});

function v2(hex: string): Buffer {
  return Buffer.from(`0d0a0d0a000d0a515549540a${hex}`.replaceAll(" ", ""), "hex");
}

function hex16(value: number): string {
  return value.toString(16).padStart(4, "0");
}
