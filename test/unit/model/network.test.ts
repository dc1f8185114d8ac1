import assert from "node:assert/strict";
import { BlockList } from "node:net";
import { suite, test } from "node:test";

import fc from "fast-check";

import { isNetwork } from "../../../src/model/network.ts";

const valid = [
  "10.1.2.3",
  "10.0.0.0/8",
  "10.1.2.3/8",
  "0.0.0.0/0",
  "255.255.255.255/32",
  "2001:db8::/32",
  "::1",
  "::/0",
  "::ffff:10.0.0.1",
  "::ffff:10.0.0.0/104",
  "2001:0db8:0000:0000:0000:0000:0000:0001/128",
];

const invalid = [
  "",
  " ",
  "10.1.2",
  "10.1.2.3.4",
  "10.1.2.256",
  "010.1.2.3",
  "0x0a.1.2.3",
  "10.0.0.0/",
  "10.0.0.0/33",
  "10.0.0.0/-1",
  "10.0.0.0/08",
  "10.0.0.0/+8",
  "10.0.0.0/8.0",
  "10.0.0.0/8/8",
  "10.0.0.0/8/",
  "10.0.0.0/255.0.0.0",
  "10.0.0.0 /8",
  " 10.0.0.0/8",
  "10.0.0.0/8\n",
  "10.0.0.0-10.0.0.9",
  "10.0.0.1:80",
  "10.*",
  "::1/129",
  "::1/1000",
  "[::1]",
  ":::",
  "fe80::1%eth0",
  "fe80::%eth0/64",
  "localhost",
  "*",
  "/8",
  "1".repeat(100_000),
  "/".repeat(100_000),
  undefined,
  null,
  10,
  ["10.0.0.1"],
];

suite("an address or network", () => {
  for (const text of valid) test(`is ${text}`, () => assert.equal(isNetwork(text), true));

  for (const text of invalid) {
    const shown = JSON.stringify(text)?.slice(0, 40);
    test(`is not ${shown}`, () => assert.equal(isNetwork(text), false));
  }

  test("is always one that the runtime can check clients against", () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6());
    const prefix = fc.oneof(
      fc.constant(""),
      fc.integer({ min: -1, max: 140 }).map((n) => `/${n}`),
    );
    fc.assert(
      fc.property(address, prefix, (host, suffix) => {
        const family = host.includes(":") ? "ipv6" : "ipv4";
        const list = new BlockList();
        const add = (): void =>
          list.addSubnet(host, suffix === "" ? 32 : Number(suffix.slice(1)), family);
        if (isNetwork(host + suffix)) assert.doesNotThrow(add);
        else assert.throws(add);
      }),
    );
  });
});
