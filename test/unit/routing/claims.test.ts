import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultPolicy } from "../../../src/model/policy.ts";
import { settleClaims, type Claimed, type PortPolicy } from "../../../src/routing/claims.ts";
import type { Route } from "../../../src/routing/table.ts";
import { service } from "../../support/services.ts";

const policy: PortPolicy = {
  firstPort: 1000,
  lastPort: 20_000,
  reserved: new Map([["tcp/9090", "the status port"]]),
  sources: ["marathon", "registrator"],
  mergesSources: false,
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

function appsOf(claims: readonly Claimed[]): string[] {
  return claims.map(({ service: { app }, sharers }) =>
    [app, ...sharers.map((sharer) => sharer.app)].join(" + "),
  );
}

const old = service("/old", 1234, { configuredAt: 1 });
const young = service("/young", 1234, { configuredAt: 2 });

test("the app configured first gets a port that two claim, whatever the order", () => {
  for (const claims of [
    [old, young],
    [young, old],
  ]) {
    const { claims: settled, problems } = settleClaims(claims, [], policy);
    assert.deepEqual(appsOf(settled), ["/old"]);
    assert.deepEqual(
      problems.map(({ kind, subject }) => [kind, subject]),
      [["port-conflict", "/young"]],
    );
    assert.match(problems[0]?.reason ?? "", /tcp\/1234 is already served for \/old/);
  }
});

test("the app that has the port keeps it, even against an older one (B04)", () => {
  const { claims: settled } = settleClaims([old, young], [incumbent], policy);
  assert.deepEqual(appsOf(settled), ["/young"]);
});

test("claims of the same age go to the first id", () => {
  const claims = [service("/b", 1234), service("/a", 1234), service("/c", 1234)];
  const { claims: settled, problems } = settleClaims(claims, [], policy);
  assert.deepEqual(appsOf(settled), ["/a"]);
  assert.equal(problems.length, 2);
});

test("tcp and udp on one number are two services", () => {
  const claims = [service("/a", 5353), service("/b", 5353, { protocol: "udp", mode: "udp" })];
  const { claims: settled, problems } = settleClaims(claims, [], policy);
  assert.equal(settled.length, 2);
  assert.deepEqual(problems, []);
});

test("our own port and ports outside the range are refused with the reason, the rest goes on", () => {
  const claims = [
    service("/a", 9090),
    service("/b", 999),
    service("/c", 20_001),
    service("/d", 1000),
  ];
  const { claims: settled, problems } = settleClaims(claims, [], policy);
  assert.deepEqual(appsOf(settled), ["/d"]);
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

const canary = service("/demo/canary", 1234, { merges: true });
const main = service("/demo/web", 1234, { configuredAt: -1 });

test("a canary of the same group joins the service whose port it chose by label", () => {
  const { claims: settled, problems } = settleClaims([canary, main], [], policy);
  assert.deepEqual(appsOf(settled), ["/demo/web + /demo/canary"]);
  assert.deepEqual(problems, []);
});

test("an app of another group joins only where both chose the port by label", () => {
  const stranger = service("/other/web", 1234, { merges: true });
  const open = { ...main, merges: true };
  assert.deepEqual(appsOf(settleClaims([stranger, main], [], policy).claims), ["/demo/web"]);
  assert.deepEqual(appsOf(settleClaims([stranger, open], [], policy).claims), [
    "/demo/web + /other/web",
  ]);
  const both = settleClaims([canary, stranger, main], [], policy);
  assert.deepEqual(appsOf(both.claims), ["/demo/web + /demo/canary"]);
  assert.deepEqual(
    both.problems.map(({ subject }) => subject),
    ["/other/web"],
  );
});

test("two apps that merely collide never share", () => {
  const twin = service("/demo/twin", 1234);
  assert.deepEqual(appsOf(settleClaims([twin, main], [], policy).claims), ["/demo/web"]);
});

test("the stronger source has the port, even against who has it now; where sources merge they share it", () => {
  const listed = service("/young", 1234, { source: "registrator" });
  const wanted = service("/web", 1234, { source: "marathon", configuredAt: 9 });
  const owner = { ...incumbent, source: "registrator" };
  assert.deepEqual(appsOf(settleClaims([listed, wanted], [owner], policy).claims), ["/web"]);
  const merging = { ...policy, mergesSources: true };
  assert.deepEqual(appsOf(settleClaims([listed, wanted], [owner], merging).claims), [
    "/web + /young",
  ]);
});
