import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultPolicy } from "../../../src/model/policy.ts";
import { settleClaims, type PortPolicy } from "../../../src/routing/claims.ts";
import type { Route } from "../../../src/routing/table.ts";
import { service } from "../../support/services.ts";

const policy: PortPolicy = {
  firstPort: 1000,
  lastPort: 20_000,
  reserved: new Map([["tcp/9090", "the status port"]]),
};

const incumbent: Route = {
  key: "tcp/1234",
  app: "/young",
  name: "young",
  port: 1234,
  protocol: "tcp",
  mode: "tcp",
  policy: defaultPolicy,
  source: "test",
  replicas: [],
};

const old = service("/old", 1234, { configuredAt: 1 });
const young = service("/young", 1234, { configuredAt: 2 });

test("the app configured first gets a port that two claim, whatever the order", () => {
  for (const claims of [
    [old, young],
    [young, old],
  ]) {
    const { services, problems } = settleClaims(claims, [], policy);
    assert.deepEqual(
      services.map(({ app }) => app),
      ["/old"],
    );
    assert.deepEqual(
      problems.map(({ kind, subject }) => [kind, subject]),
      [["port-conflict", "/young"]],
    );
    assert.match(problems[0]?.reason ?? "", /tcp\/1234 is already served for \/old/);
  }
});

test("the app that has the port keeps it, even against an older one", () => {
  const { services } = settleClaims([old, young], [incumbent], policy);
  assert.deepEqual(
    services.map(({ app }) => app),
    ["/young"],
  );
});

test("claims of the same age go to the first id", () => {
  const claims = [service("/b", 1234), service("/a", 1234), service("/c", 1234)];
  const { services, problems } = settleClaims(claims, [], policy);
  assert.deepEqual(
    services.map(({ app }) => app),
    ["/a"],
  );
  assert.equal(problems.length, 2);
});

test("tcp and udp on one number are two services", () => {
  const claims = [service("/a", 5353), service("/b", 5353, { protocol: "udp", mode: "udp" })];
  const { services, problems } = settleClaims(claims, [], policy);
  assert.equal(services.length, 2);
  assert.deepEqual(problems, []);
});

test("our own port and ports outside the range are refused with the reason, the rest goes on", () => {
  const claims = [
    service("/a", 9090),
    service("/b", 999),
    service("/c", 20_001),
    service("/d", 1000),
  ];
  const { services, problems } = settleClaims(claims, [], policy);
  assert.deepEqual(
    services.map(({ app }) => app),
    ["/d"],
  );
  assert.deepEqual(
    problems.map(({ kind, reason }) => [kind, reason]),
    [
      ["port-refused", "service port 9090 is not forwarded: it is the status port"],
      [
        "port-refused",
        "service port 999 is not forwarded: it is outside the allowed range 1000-20000",
      ],
      [
        "port-refused",
        "service port 20001 is not forwarded: it is outside the allowed range 1000-20000",
      ],
    ],
  );
});
