import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatLocal,
  formatUnknown,
  formatV1,
  formatV2,
} from "../../../src/engine/proxy-protocol/format.ts";
import type { Endpoints } from "../../../src/engine/proxy-protocol/header.ts";

const signature = "0d0a0d0a000d0a515549540a";
const local = `${signature} 20 00 0000`;

const rows: readonly { name: string; ends: Endpoints; line: string; hex: string }[] = [
  {
    name: "IPv4",
    ends: ends("127.0.0.2", "127.0.0.1"),
    line: "PROXY TCP4 127.0.0.2 127.0.0.1 4369 8738\r\n",
    hex: `${signature} 21 11 000c 7f000002 7f000001 1111 2222`,
  },
  {
    name: "IPv6",
    ends: ends("2001:DB8:0::1", "1:0:0:2:0:0:0:3"),
    line: "PROXY TCP6 2001:db8::1 1:0:0:2::3 4369 8738\r\n",
    hex: `${signature} 21 21 0024 20010db8000000000000000000000001 00010000000000020000000000000003 1111 2222`,
  },
  {
    name: "both IPv4-mapped, as a dual-stack socket names them",
    ends: ends("::ffff:127.0.0.2", "::ffff:7f00:1"),
    line: "PROXY TCP4 127.0.0.2 127.0.0.1 4369 8738\r\n",
    hex: `${signature} 21 11 000c 7f000002 7f000001 1111 2222`,
  },
  {
    name: "one IPv4-mapped and one IPv4",
    ends: ends("::ffff:127.0.0.2", "127.0.0.1"),
    line: "PROXY TCP4 127.0.0.2 127.0.0.1 4369 8738\r\n",
    hex: `${signature} 21 11 000c 7f000002 7f000001 1111 2222`,
  },
  {
    name: "an IPv4 client on an IPv6 listener",
    ends: ends("127.0.0.2", "::1"),
    line: "PROXY TCP6 ::ffff:7f00:2 ::1 4369 8738\r\n",
    hex: `${signature} 21 21 0024 00000000000000000000ffff7f000002 00000000000000000000000000000001 1111 2222`,
  },
  {
    name: "an IPv6 client and an IPv4 destination",
    ends: ends("fe80::1%eth0.100", "127.0.0.1"),
    line: "PROXY TCP6 fe80::1 ::ffff:7f00:1 4369 8738\r\n",
    hex: `${signature} 21 21 0024 fe800000000000000000000000000001 00000000000000000000ffff7f000001 1111 2222`,
  },
  {
    name: "port 0",
    ends: { source: { host: "1.2.3.4", port: 0 }, destination: { host: "::", port: 65_535 } },
    line: "PROXY TCP6 ::ffff:102:304 :: 0 65535\r\n",
    hex: `${signature} 21 21 0024 00000000000000000000ffff01020304 00000000000000000000000000000000 0000 ffff`,
  },
  {
    name: "a client that is a name",
    ends: ends("localhost", "127.0.0.1"),
    line: "PROXY UNKNOWN\r\n",
    hex: local,
  },
  {
    name: "a destination that could forge a second line",
    ends: ends("127.0.0.2", "127.0.0.1\r\nPROXY"),
    line: "PROXY UNKNOWN\r\n",
    hex: local,
  },
  {
    name: "a port that is none",
    ends: {
      source: { host: "127.0.0.2", port: 65_536 },
      destination: { host: "127.0.0.1", port: 1 },
    },
    line: "PROXY UNKNOWN\r\n",
    hex: local,
  },
  {
    name: "a destination port that is none",
    ends: {
      source: { host: "127.0.0.2", port: 1 },
      destination: { host: "127.0.0.1", port: Number.NaN },
    },
    line: "PROXY UNKNOWN\r\n",
    hex: local,
  },
];

for (const row of rows) {
  test(`${row.name}, in both versions`, () => {
    assert.equal(formatV1(row.ends).toString("latin1"), row.line);
    assert.equal(formatV2(row.ends).toString("hex"), row.hex.replaceAll(" ", ""));
  });
}

test("the headers without addresses", () => {
  assert.equal(formatUnknown().toString("latin1"), "PROXY UNKNOWN\r\n");
  assert.equal(formatLocal().toString("hex"), local.replaceAll(" ", ""));
});

function ends(source: string, destination: string): Endpoints {
  return { source: { host: source, port: 4369 }, destination: { host: destination, port: 8738 } };
}
