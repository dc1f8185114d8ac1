import assert from "node:assert/strict";
import { test } from "node:test";
import { forgetHealth } from "../soak/forgotten-health.ts";

for (const health of ["both", "marathon"]) {
  test(`a new leader that forgot the health of fifty tasks costs none of 10,000 requests, with --health ${health} (M08)`, async () => {
    const args = ["--health", health, "--refresh-interval", "1s"];
    assert.ok((await forgetHealth({ args, requests: 10_000, forMs: 0 })) >= 10_000);
  });
}
