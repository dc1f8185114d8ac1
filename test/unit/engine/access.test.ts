import assert from "node:assert/strict";
import { test } from "node:test";
import { Access, Networks } from "../../../src/engine/access.ts";

test("a set of networks holds what lies in any of them, in either family", () => {
  const networks = new Networks(["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "fe80::1"]);
  const rows: readonly [string, boolean][] = [
    ["10.255.255.255", true],
    ["11.0.0.0", false],
    ["192.0.2.7", true],
    ["192.0.2.8", false],
    ["2001:db8:ffff::1", true],
    ["2001:db9::1", false],
    ["::ffff:10.1.2.3", true],
    ["::ffff:11.1.2.3", false],
    ["fe80::1", true],
    ["fe80::1%eth0", true],
    ["fe80::2%eth0", false],
    ["::10.1.2.3", false],
  ];
  for (const [address, want] of rows) assert.equal(networks.has(address), want, address);
});

test("who is denied stays out, and so does everyone else where some are allowed", () => {
  const rows: readonly [{ allow?: string[]; deny?: string[] }, string, boolean][] = [
    [{}, "2001:db8::1", true],
    [{ deny: ["2001:db8::/32"] }, "2001:db8::1", false],
    [{ deny: ["2001:db8::/32"] }, "2001:db9::1", true],
    [{ deny: ["2001:db8::/32"] }, "10.0.0.1", true],
    [{ deny: ["10.0.0.0/8"] }, "::ffff:10.0.0.1", false],
    [{ allow: ["2001:db8::/32"] }, "2001:db8::1", true],
    [{ allow: ["2001:db8::/32"] }, "2001:db9::1", false],
    [{ allow: ["2001:db8::/32"] }, "10.0.0.1", false],
    [{ allow: ["::/0"], deny: ["2001:db8::1"] }, "2001:db8::1", false],
    [{ allow: ["::/0"], deny: ["2001:db8::1"] }, "2001:db8::2", true],
  ];
  for (const [{ allow = [], deny = [] }, address, want] of rows) {
    const row = JSON.stringify({ allow, deny, address });
    assert.equal(new Access(allow, deny).admits(address), want, row);
  }
});

test("a client without an address is kept out by any list, since none can be asked about it", () => {
  assert.equal(new Access([], []).admits(""), true);
  assert.equal(new Access(["0.0.0.0/0", "::/0"], []).admits(""), false);
  assert.equal(new Access([], ["192.0.2.1"]).admits(""), false);
});
