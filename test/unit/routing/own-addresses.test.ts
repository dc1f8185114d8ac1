import assert from "node:assert/strict";
import { test } from "node:test";
import { canonical, isForbidden, ownHosts } from "../../../src/routing/own-addresses.ts";

const spellings = [
  ["127.0.0.1", "127.0.0.1"],
  ["0.0.0.0", "127.0.0.1"],
  ["::ffff:127.0.0.1", "127.0.0.1"],
  ["::ffff:0.0.0.0", "127.0.0.1"],
  ["0:0:0:0:0:ffff:7f00:1", "127.0.0.1"],
  ["::", "::1"],
  ["0:0:0:0:0:0:0:1", "::1"],
  ["2001:DB8:0::1", "2001:db8::1"],
  ["10.0.0.7", "10.0.0.7"],
] as const;

for (const [host, want] of spellings) {
  test(`${host} is ${want}`, () => assert.equal(canonical(host), want));
}

test("bound to one address, only that one leads back, in every spelling", () => {
  const isOwn = ownHosts({ bind: ["127.0.0.1"], names: new Set(["10.0.0.7", "host"]) });
  for (const host of ["127.0.0.1", "0.0.0.0", "::ffff:127.0.0.1", "0:0:0:0:0:ffff:7f00:1"]) {
    assert.ok(isOwn(host), host);
  }
  for (const host of ["10.0.0.7", "127.0.0.2", "::1"]) assert.equal(isOwn(host), false, host);
});

test("bound to all, every address of this host leads back", () => {
  const isOwn = ownHosts({ bind: ["0.0.0.0"], names: new Set(["10.0.0.7", "host"]) });
  for (const host of ["127.9.9.9", "10.0.0.7", "::ffff:10.0.0.7", "::1", "::"])
    assert.ok(isOwn(host), host);
  assert.equal(isOwn("10.0.0.8"), false);
});

test("link-local, multicast and reserved addresses are nobody's replica (X10)", () => {
  for (const host of [
    "169.254.169.254",
    "::ffff:169.254.169.254",
    "224.0.0.1",
    "255.255.255.255",
    "fe80::1",
    "ff02::1",
  ]) {
    assert.ok(isForbidden(host), host);
  }
  for (const host of ["127.0.0.1", "10.0.0.7", "2001:db8::1", "8.8.8.8"])
    assert.equal(isForbidden(host), false, host);
});
