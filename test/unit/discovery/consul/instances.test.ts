import assert from "node:assert/strict";
import { suite, test } from "node:test";

import fc from "fast-check";

import { gatherServices } from "../../../../src/discovery/claims.ts";
import { toClaims } from "../../../../src/discovery/consul/instances.ts";
import { ProblemList } from "../../../../src/discovery/problem-list.ts";
import type { Problem } from "../../../../src/model/problem.ts";
import type { Service } from "../../../../src/model/service.ts";

function read(
  entries: readonly unknown[],
  warning: "up" | "down" = "up",
): { services: readonly Service[]; problems: readonly Problem[] } {
  const problems = new ProblemList("consul");
  const claims = toClaims("web", entries, { tags: [], warning, problems });
  return { services: gatherServices(claims, "consul"), problems: problems.list() };
}

function entry(service: object = {}, checks: readonly object[] = []): unknown {
  return {
    Node: { Node: "agent-7", Address: "10.0.0.7" },
    Service: { ID: "web-1", Port: 31_001, Meta: { "portolan-port": "80" }, ...service },
    Checks: checks,
  };
}

suite("how an instance stands", () => {
  const check = (Status: string, CheckID = "c"): object => ({ CheckID, Status });
  const rows = [
    { name: "without checks", checks: [], want: ["up", false, "no checks"] },
    {
      name: "all pass",
      checks: [check("passing"), check("passing", "serfHealth")],
      want: ["up", false, "all 2 checks pass"],
    },
    {
      name: "one is critical",
      checks: [check("passing"), check("warning"), check("critical", "ttl")],
      want: ["down", false, "check ttl is critical"],
    },
    {
      name: "one warns",
      checks: [check("passing"), check("warning", "disk")],
      want: ["up", false, "check disk is warning"],
    },
    {
      name: "the service is in maintenance",
      checks: [check("critical", "_service_maintenance:web-1"), check("critical")],
      want: ["up", true, "in maintenance"],
    },
    {
      name: "the node is in maintenance",
      checks: [check("critical", "_node_maintenance")],
      want: ["up", true, "in maintenance"],
    },
    {
      name: "a status that does not exist",
      checks: [check("confused")],
      want: ["unknown", false, "a check has an unknown status"],
    },
  ];
  for (const { name, checks, want } of rows) {
    test(name, () => {
      const replica = read([entry({}, checks)]).services[0]?.replicas[0];
      assert.deepEqual([replica?.health, replica?.draining, replica?.reason], want);
    });
  }

  test("a warning takes it down where that is asked for", () => {
    const { services } = read([entry({}, [check("warning")])], "down");
    assert.equal(services[0]?.replicas[0]?.health, "down");
  });
});

suite("what an instance declares", () => {
  test("everything, by tags and by meta, which is stronger", () => {
    const { services, problems } = read([
      entry({
        Address: "10.1.1.1",
        CreateIndex: 9,
        Tags: ["portolan.port=1", "portolan.balance=first", "portolan.protocol=both", "other=1"],
        Meta: {
          "portolan-port": "80",
          "portolan-balance": "roundrobin",
          "portolan-weight": "30",
          "portolan-check-path": "/health",
          version: "7",
        },
      }),
    ]);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      services.map(({ protocol, port, configuredAt }) => [protocol, port, configuredAt]),
      [
        ["tcp", 80, 9],
        ["udp", 80, 9],
      ],
    );
    assert.deepEqual(services[0]?.policy, { balance: "roundrobin" });
    assert.deepEqual(services[0]?.check, {
      path: { value: "/health", from: "label portolan.check-path" },
    });
    assert.deepEqual(services[0]?.replicas, [
      {
        task: "agent-7/web-1",
        host: "agent-7",
        address: { host: "10.1.1.1", port: 31_001 },
        weight: 30,
        health: "up",
        reason: "no checks",
        draining: false,
      },
    ]);
  });

  test("the newest instance speaks for the service", () => {
    const { services } = read([
      entry({ ID: "old", Meta: { "portolan-port": "80", "portolan-balance": "first" } }),
      entry({ ID: "new", Meta: { "portolan-port": "80", "portolan-balance": "source" } }),
    ]);
    assert.deepEqual(services[0]?.policy, { balance: "source" });
    assert.equal(services[0]?.replicas.length, 2);
  });

  test("weights of Consul are shares among the siblings", () => {
    const { services } = read([
      entry({ ID: "a", Weights: { Passing: 10, Warning: 1 } }),
      entry({ ID: "b", Weights: { Passing: 5, Warning: 1 } }),
      entry({ ID: "c", Weights: { Passing: 10, Warning: 1 } }, [
        { CheckID: "c", Status: "warning" },
      ]),
    ]);
    assert.deepEqual(
      services[0]?.replicas.map(({ weight }) => weight),
      [1000, 500, 100],
    );
  });

  const ignored = [
    { name: "no service port", service: { Meta: {} } },
    { name: "no meta", service: { Meta: null } },
    { name: "a sidecar proxy", service: { Kind: "connect-proxy" } },
  ];
  for (const { name, service } of ignored) {
    test(`${name}: not for us`, () => {
      assert.deepEqual(read([entry(service)]), { services: [], problems: [] });
    });
  }

  const bad = [
    { name: "a port of 0", service: { Meta: { "portolan-port": "0" } }, reason: /no service port/ },
    {
      name: "a port that is a word",
      service: { Meta: { "portolan-port": "http" } },
      reason: /"?http"? is no service port/,
    },
    {
      name: "an unknown protocol",
      service: { Meta: { "portolan-port": "80", "portolan-protocol": "sctp" } },
      reason: /none of tcp, udp and both/,
    },
    { name: "no port of its own", service: { Port: 0 }, reason: /has no address/ },
    { name: "an address that is none", service: { Address: "a b" }, reason: /has no address/ },
  ];
  for (const { name, service, reason } of bad) {
    test(`${name}: skipped and reported, its sibling stays`, () => {
      const { services, problems } = read([entry(service), entry({ ID: "web-2" })]);
      assert.equal(services[0]?.replicas.length, 1);
      assert.match(problems.map((problem) => problem.reason).join("\n"), reason);
    });
  }

  test("an unknown option is reported and harms nothing", () => {
    const { services, problems } = read([
      entry({ Meta: { "portolan-port": "80", "portolan-speed": "9" } }),
    ]);
    assert.equal(services[0]?.replicas.length, 1);
    assert.deepEqual(
      problems.map(({ reason }) => reason),
      ['instance web-1: label portolan.speed with "9" is no option: ignored'],
    );
  });
});

suite("whatever an instance declares", () => {
  test("no entry makes it throw, or say more than anyone reads", () => {
    const json = fc.jsonValue();
    const some = fc.record(
      {
        Node: fc.oneof(fc.record({ Node: json, Address: json }), json),
        Service: fc.oneof(
          fc.record({
            ID: json,
            Port: fc.oneof(fc.nat(70_000), json),
            Address: fc.oneof(fc.string({ unit: "binary" }), json),
            Tags: fc.oneof(fc.array(fc.string({ unit: "binary" })), json),
            Meta: fc.oneof(fc.constant({ "portolan-port": "80", "portolan-weight": "-1" }), json),
            Weights: json,
          }),
          json,
        ),
        Checks: fc.oneof(fc.array(json), json),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(some, json)), (entries) => {
        const { services, problems } = read(entries);
        for (const { reason } of problems) assert.ok(reason.length <= 301);
        for (const { replicas } of services)
          for (const { weight } of replicas) assert.ok(weight >= 0 && weight <= 1000);
      }),
    );
  });
});
