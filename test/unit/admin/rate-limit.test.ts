import assert from "node:assert/strict";
import { test } from "node:test";
import { RateLimit } from "../../../src/admin/rate-limit.ts";
import { RequestLimits } from "../../../src/admin/request-limits.ts";

test("what was spent comes back with time, up to the burst", () => {
  const limit = new RateLimit({ perSecond: 10, burst: 20 });
  assert.ok(limit.hasSome(1000));
  limit.spend(25);
  assert.ok(!limit.hasSome(1000));
  assert.ok(!limit.hasSome(1500), "a debt is paid first");
  assert.ok(limit.hasSome(1600));
  limit.hasSome(60_000);
  limit.spend(19);
  assert.ok(limit.hasSome(60_000));
  limit.spend(1);
  assert.ok(!limit.hasSome(60_000), "a long rest is worth no more than the burst");
});

test("readers are limited in requests and in bytes, and never kept from the state", () => {
  const limits = new RequestLimits();
  const admitted = Array.from({ length: 3000 }, () => limits.admit("/api/table", 0));
  assert.equal(admitted.filter(Boolean).length, 2000);
  assert.ok(limits.admit("/status", 0));
  assert.ok(limits.admit("/api/table", 1000));

  const large = new RequestLimits();
  assert.ok(large.admit("/metrics", 0));
  large.answered(300 * 1024 * 1024);
  assert.ok(!large.admit("/metrics", 0));
  assert.ok(large.admit("/healthz", 0));
  assert.ok(large.admit("/metrics", 1000));
});
