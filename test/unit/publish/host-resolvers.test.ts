import assert from "node:assert/strict";
import { test } from "node:test";
import { hostResolvers } from "../../../src/publish/dns/host-resolvers.ts";

test("name servers are read with and without a port, and others left out", () => {
  const listed = ["10.0.0.2", "fd00::53", "127.0.0.1:5300", "[::1]:5300", "", "x:0"];
  assert.deepEqual(hostResolvers(listed), [
    { host: "10.0.0.2", port: 53 },
    { host: "fd00::53", port: 53 },
    { host: "127.0.0.1", port: 5300 },
    { host: "::1", port: 5300 },
  ]);
});
