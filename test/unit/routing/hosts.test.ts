import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostClaims } from "../../../src/model/host-claims.ts";
import { defaultPolicy } from "../../../src/model/policy.ts";
import type { Service } from "../../../src/model/service.ts";
import { RouteBuilder, type BuildInput, type Built } from "../../../src/routing/build.ts";
import { describeChanges } from "../../../src/routing/describe.ts";
import { certifiedNames } from "../../../src/routing/certified-names.ts";
import { diffRoutes } from "../../../src/routing/diff.ts";
import type { HostRules } from "../../../src/routing/hosts.ts";
import type { Route } from "../../../src/routing/table.ts";
import { service } from "../../support/services.ts";

type Claim = Partial<HostClaims> & Partial<Omit<Service, "hosts">>;

function claiming(app: string, port: number, claim: Claim): Service {
  const { http = [], httpDefault = false, tls = [], tlsDefault = false, ...over } = claim;
  return service(app, port, { hosts: { http, httpDefault, tls, tlsDefault }, ...over });
}

const allUp: BuildInput["standingsOf"] = ({ replicas }) =>
  replicas.map(() => ({ state: "up", reason: "", since: 0 }));

function build(
  services: readonly Service[],
  rules: HostRules | undefined = { claimed: true, domain: undefined },
  incumbents: readonly Route[] = [],
): Built {
  return new RouteBuilder().build({
    services,
    incumbents,
    standingsOf: allUp,
    ports: {
      firstPort: 1,
      lastPort: 65_535,
      reserved: new Map(),
      sources: ["test"],
      mergesSources: false,
    },
    groupSize: 1,
    isOwnHost: () => false,
    isOwnPort: () => false,
    defaultPolicy,
    hosts: rules,
  });
}

/** `1001: a.test, tls:b.test, default` for each route that has hosts. */
function shown({ routes }: Built): string[] {
  return routes.flatMap(({ port, hosts }) => {
    if (hosts === undefined) return [];
    const words = [...hosts.http, ...hosts.tls.map((name) => `tls:${name}`)];
    if (hosts.httpDefault) words.push("default");
    if (hosts.tlsDefault) words.push("tls:default");
    return [`${port}: ${words.join(", ")}`];
  });
}

function complaints({ problems }: Built): string[] {
  return problems.map(({ kind, subject }) => `${kind} ${subject}`);
}

test("names belong to who claims them, for HTTP and TLS apart", () => {
  const built = build([
    claiming("/a", 1001, { http: ["a.test", "*.a.test"], tlsDefault: true }),
    claiming("/b", 1002, { tls: ["a.test"], httpDefault: true }),
  ]);
  assert.deepEqual(shown(built), [
    "1001: *.a.test, a.test, tls:default",
    "1002: tls:a.test, default",
  ]);
  assert.deepEqual(built.problems, []);
});

test("without a gateway nothing is settled and nothing complained of", () => {
  const claims = [claiming("/a", 1001, { http: ["x"] }), claiming("/b", 1002, { http: ["x"] })];
  const built = new RouteBuilder().build({
    services: claims,
    incumbents: [],
    standingsOf: allUp,
    ports: {
      firstPort: 1,
      lastPort: 65_535,
      reserved: new Map(),
      sources: [],
      mergesSources: false,
    },
    groupSize: 1,
    isOwnHost: () => false,
    isOwnPort: () => false,
    defaultPolicy,
  });
  assert.deepEqual([shown(built), built.problems], [[], []]);
});

test("of several apps on one host the older has it, then the first by id, and the others are told (W21)", () => {
  const older = build([
    claiming("/a", 1001, { http: ["x.test"], configuredAt: 9 }),
    claiming("/b", 1002, { http: ["x.test", "b.test"], configuredAt: 5 }),
  ]);
  assert.deepEqual(shown(older), ["1002: b.test, x.test"]);
  assert.deepEqual(complaints(older), ["host-conflict /a"]);
  const sameAge = build([
    claiming("/b", 1001, { http: ["x.test"] }),
    claiming("/a", 1002, { http: ["x.test"] }),
  ]);
  assert.deepEqual(shown(sameAge), ["1002: x.test"]);
});

test("who has a host keeps it, also on another port, until it gives it up (W21)", () => {
  const owner = claiming("/z", 1001, { http: ["x.test"], tlsDefault: true, configuredAt: 9 });
  const before = build([owner]).routes;
  const rival = claiming("/a", 1002, { http: ["x.test"], tlsDefault: true, configuredAt: 1 });
  const moved = { ...owner, port: 1003 };
  const rules = { claimed: true, domain: undefined };
  assert.deepEqual(shown(build([rival, moved], rules, before)), ["1003: x.test, tls:default"]);
  assert.deepEqual(shown(build([rival], rules, before)), ["1002: x.test, tls:default"]);
});

test("a host on two ports of one app is on the lower one, and the other is told", () => {
  const built = build([
    claiming("/a", 1002, { http: ["x.test"] }),
    claiming("/a", 1001, { http: ["x.test"] }),
  ]);
  assert.deepEqual(shown(built), ["1001: x.test"]);
  assert.deepEqual(complaints(built), ["host-conflict /a"]);
});

const certified: HostRules = {
  claimed: true,
  domain: undefined,
  isCertified: certifiedNames(["x.test", "*.w.test"]),
};

test("who has a name for HTTP whose TLS ends here keeps it from others who want its TLS, and they are told (W21)", () => {
  const web = claiming("/web", 1001, { http: ["x.test", "*.w.test"], configuredAt: 9 });
  const before = build([web], certified).routes;
  const thief = { tls: ["x.test", "*.w.test", "y.test", "*.v.test"], configuredAt: 1 };
  const built = build([web, claiming("/thief", 1002, thief)], certified, before);
  assert.deepEqual(shown(built), ["1001: *.w.test, x.test", "1002: tls:*.v.test, tls:y.test"]);
  assert.deepEqual(complaints(built), ["host-conflict /thief", "host-conflict /thief"]);
  assert.match(
    built.problems[0]?.reason ?? "",
    /^TLS host \S+ ends here, for \/web \(tcp\/1001\): this claim of tcp\/1002 is ignored$/,
  );
});

test("who is passed through keeps that when a certificate comes, and who has the name for HTTP is told", () => {
  const services = [
    claiming("/web", 1001, { http: ["x.test"], configuredAt: 1 }),
    claiming("/tls", 1002, { tls: ["x.test"], configuredAt: 9 }),
  ];
  const before = build(services).routes;
  const built = build(services, certified, before);
  assert.deepEqual(shown(built), ["1001: x.test", "1002: tls:x.test"]);
  assert.deepEqual(complaints(built), ["host-conflict /web"]);
  assert.match(
    built.problems[0]?.reason ?? "",
    /for \/tls .*: it does not end here for tcp\/1001$/,
  );
  const fresh = build(services, certified);
  assert.deepEqual(shown(fresh), ["1001: x.test"]);
});

test("an app that wants its own name passed through means it, certificate or not", () => {
  const services = [
    claiming("/a", 1001, { http: ["x.test"] }),
    claiming("/a", 1002, { tls: ["x.test"] }),
  ];
  const built = build(services, certified);
  assert.deepEqual(shown(built), ["1001: x.test", "1002: tls:x.test"]);
  assert.deepEqual(built.problems, []);
});

test("who did not get a name for HTTP has no say over its TLS", () => {
  const built = build(
    [
      claiming("/a", 1001, { http: ["x.test"], configuredAt: 1 }),
      claiming("/b", 1002, { http: ["x.test"], configuredAt: 2 }),
    ],
    certified,
  );
  assert.deepEqual(complaints(built), ["host-conflict /b"]);
});

for (const [name, want] of [
  ["x.test", true],
  ["*.test", true],
  ["*.w.test", true],
  ["a.w.test", true],
  ["w.test", false],
  ["a.b.w.test", false],
  ["*.a.w.test", false],
  ["test", false],
] as const) {
  test(`certificates for x.test and *.w.test are ${want ? "" : "not "}for ${name}`, () => {
    assert.equal(certified.isCertified?.(name), want);
  });
}

test("apps that share a port share its names", () => {
  const built = build([
    claiming("/g/a", 1001, { http: ["x.test", "a.test"], merges: true }),
    claiming("/g/b", 1001, { http: ["x.test", "b.test"], merges: true }),
  ]);
  assert.deepEqual(shown(built), ["1001: a.test, b.test, x.test"]);
  assert.deepEqual(built.problems, []);
});

test("with a domain every app has the name of its path, by its lowest port, and nobody takes it over", () => {
  const built = build(
    [
      claiming("/evil", 1000, { http: ["service.system.product.example.com"] }),
      service("/product/system/service", 1002, { name: "service.system.product", configuredAt: 9 }),
      service("/product/system/service", 1001, { name: "service.system.product", configuredAt: 9 }),
    ],
    { claimed: true, domain: "example.com" },
  );
  assert.deepEqual(shown(built), [
    "1000: evil.example.com",
    "1001: service.system.product.example.com",
  ]);
  assert.deepEqual(complaints(built), ["host-conflict /evil"]);
});

test("with a domain alone, what labels claim is not served", () => {
  const built = build([claiming("/a", 1001, { http: ["x.test"], tls: ["y.test"] })], {
    claimed: false,
    domain: "d.test",
  });
  assert.deepEqual(shown(built), ["1001: a.d.test"]);
});

for (const name of [
  "*.com",
  "localhost",
  "x.localhost",
  "127.0.0.1",
  "_",
  "a b",
  "a/b",
  "a..b",
  "*.*.test",
  "*.10.0.0.1",
  "::1",
  "[::1]",
  "é.test",
  `${"a.".repeat(130)}test`,
  "a\u0000b",
  "*a.test",
]) {
  test(`${JSON.stringify(name).slice(0, 40)} is nobody's name (W21)`, () => {
    const built = build([claiming("/a", 1001, { http: [name], tls: [name] })]);
    assert.deepEqual(shown(built), []);
    assert.deepEqual(complaints(built), ["host-refused /a", "host-refused /a"]);
  });
}

test("a bare * claims nothing, least of all everything (W21)", () => {
  assert.deepEqual(shown(build([claiming("/a", 1001, { http: ["*"], tls: ["*"] })])), []);
});

test("UDP services have no names", () => {
  const over = { protocol: "udp", mode: "udp" } as const;
  const built = build([claiming("/a", 1001, { http: ["x.test"], ...over })], {
    claimed: true,
    domain: "d.test",
  });
  assert.deepEqual(shown(built), []);
});

test("a change of names is a change of its route, and the log says what they are now", () => {
  const before = build([claiming("/a", 1001, { http: ["x.test"] })]).routes;
  const after = build([claiming("/a", 1001, { http: ["y.test"], tlsDefault: true })]).routes;
  assert.deepEqual(diffRoutes(before, before), []);
  const changes = diffRoutes(before, after);
  assert.equal(describeChanges(changes), "changed tcp/1001 /a: hosts y.test tls:default");
});
