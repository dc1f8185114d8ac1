import assert from "node:assert/strict";
import { test } from "node:test";
import { isMeantForUs } from "../../../src/admin/host-check.ts";

const ownNames = new Set(["agent-7.example.com"]);
const browser = "Mozilla/5.0 (X11; Linux x86_64)";

test("addresses, names without a dot and own names are ours; any other may be a trap for browsers (A02)", () => {
  const ours = [
    "127.0.0.1:9090",
    "10.0.0.7",
    "[::1]:9090",
    "[2001:db8::1]",
    "localhost:9090",
    "LOCALHOST",
    "app.localhost",
    "agent-7",
    "agent-7.example.com:9090",
    "Agent-7.Example.Com.",
  ];
  for (const host of ours) assert.ok(isMeantForUs("/", { host }, ownNames), host);
  const foreign = [
    "evil.example",
    "evil.example:9090",
    "127.0.0.1.evil.example",
    "",
    "a:b:c",
    "[::1",
    "a@b",
    "example.com",
  ];
  for (const host of foreign) {
    assert.ok(!isMeantForUs("/api/table", { host }, ownNames), host);
    assert.ok(!isMeantForUs("/metrics", { host, "user-agent": browser }, ownNames), host);
  }
  assert.ok(isMeantForUs("/", {}, ownNames), "HTTP/1.0 knows no Host");
});

test("monitoring may ask under any name, since scrapers and load balancers have their own", () => {
  for (const path of ["/status", "/ready", "/ping", "/healthz", "/version", "/metrics"]) {
    assert.ok(
      isMeantForUs(path, { host: "proxy.corp.example:9090", "user-agent": "Prometheus/3" }),
    );
  }
});

test("the service API is for scripts, which know the host by any name; a browser is not one (A02)", () => {
  const host = "agent-1.example:8082";
  for (const path of ["/v1/apps", "/v1/instances/shop/web", "/v1/service_ports/shop/web"]) {
    assert.ok(isMeantForUs(path, { host, "user-agent": "curl/8" }), path);
    assert.ok(!isMeantForUs(path, { host, "user-agent": browser }), path);
  }
  assert.ok(!isMeantForUs("/v1", { host }), "no page of it");
});
