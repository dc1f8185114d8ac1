import assert from "node:assert/strict";
import { suite, test } from "node:test";

import fc from "fast-check";

import { gatherServices } from "../../../../src/discovery/claims.ts";
import { parseDocument } from "../../../../src/discovery/file/document.ts";
import { readServices } from "../../../../src/discovery/file/listed-services.ts";
import type { Problem } from "../../../../src/model/problem.ts";
import type { Service } from "../../../../src/model/service.ts";

function read(text: string): { services: readonly Service[]; problems: readonly Problem[] } {
  const { claims, problems } = readServices(parseDocument(text, "services.yaml"), 7);
  return { services: gatherServices(claims, "file"), problems: problems.list() };
}

suite("services of a file", () => {
  test("everything that can be said of a service", () => {
    const { services, problems } = read(`
services:
  - app: /shop/web
    port: 8080
    protocol: tcp
    options:
      balance: roundrobin
      weight: 100
      allow: [10.0.0.0/8, 192.168.0.0/16]
      idle-timeout: 30
      close-on-down: true
      mode: http
      http-hosts: shop.example
      check: http
      check-path: /health
    replicas:
      - 10.0.0.7:31001
      - address: "[2001:db8::1]:31002"
        host: agent-8
        task: web-2
        weight: 300
        draining: true
`);
    assert.deepEqual(problems, []);
    assert.deepEqual(services, [
      {
        app: "/shop/web",
        name: "web.shop",
        port: 8080,
        merges: false,
        protocol: "tcp",
        mode: "http",
        policy: {
          balance: "roundrobin",
          allow: ["10.0.0.0/8", "192.168.0.0/16"],
          idleMs: 30_000,
          closeOnDown: true,
        },
        check: {
          kind: { value: "http", from: "label portolan.check" },
          path: { value: "/health", from: "label portolan.check-path" },
        },
        hosts: { http: ["shop.example"], httpDefault: false, tls: [], tlsDefault: false },
        source: "file",
        configuredAt: 7,
        replicas: [
          {
            task: "/shop/web/10.0.0.7:31001",
            host: "10.0.0.7",
            address: { host: "10.0.0.7", port: 31_001 },
            weight: 100,
            health: "up",
            reason: "listed in the file",
            draining: false,
          },
          {
            task: "web-2",
            host: "agent-8",
            address: { host: "2001:db8::1", port: 31_002 },
            weight: 300,
            health: "up",
            reason: "marked as draining in the file",
            draining: true,
          },
        ],
      },
    ]);
  });

  test("both protocols make two services, no replicas one without any", () => {
    const { services } = read("services: [{ name: dns, port: 53, protocol: both }]");
    assert.deepEqual(
      services.map(({ protocol, mode, replicas }) => [protocol, mode, replicas.length]),
      [
        ["tcp", "tcp", 0],
        ["udp", "udp", 0],
      ],
    );
  });

  test("a service may be disabled, or moved to another port", () => {
    const { services } = read(`
services:
  - { app: a, port: 80, options: { enabled: false } }
  - { app: b, port: 81, options: { service-port: 82 } }
`);
    assert.deepEqual(
      services.map(({ app, port }) => [app, port]),
      [["b", 82]],
    );
  });
});

interface Fault {
  readonly name: string;
  /** What stands at `services[1]`. */
  readonly item: string;
  readonly reason: string;
  /** It is reported, and the service is there all the same. */
  readonly kept?: boolean;
}

const good = "app: b, port: 81";
const faults: readonly Fault[] = [
  { name: "a number", item: "7", reason: "services[1]: is no object: the service is left out" },
  { name: "null", item: "null", reason: "services[1]: is no object: the service is left out" },
  {
    name: "no name",
    item: "{ port: 81 }",
    reason: "services[1].app: is no name of 1 to 255 visible characters: the service is left out",
  },
  {
    name: "a name with a line break",
    item: '{ app: "b\\nc", port: 81 }',
    reason: "services[1].app: is no name of 1 to 255 visible characters: the service is left out",
  },
  {
    name: "no port",
    item: "{ app: b }",
    reason: "services[1].port: is no port from 1 to 65535: the service is left out",
  },
  {
    name: "a port that is text",
    item: '{ app: b, port: "81" }',
    reason: "services[1].port: is no port from 1 to 65535: the service is left out",
  },
  {
    name: "a port out of range",
    item: "{ app: b, port: 65536 }",
    reason: "services[1].port: is no port from 1 to 65535: the service is left out",
  },
  {
    name: "an unknown protocol",
    item: `{ ${good}, protocol: sctp }`,
    reason: "services[1].protocol: is none of tcp, udp and both: the service is left out",
  },
  {
    name: "replicas that are no list",
    item: `{ ${good}, replicas: 7 }`,
    reason: "services[1].replicas: is no list: the service is left out",
  },
  {
    name: "an unknown key",
    item: `{ ${good}, replica: [] }`,
    reason: "services[1].replica: is not known: ignored",
    kept: true,
  },
  {
    name: "options that are no object",
    item: `{ ${good}, options: fast }`,
    reason: "services[1].options: is no object: ignored",
    kept: true,
  },
  {
    name: "an option that is an object",
    item: `{ ${good}, options: { balance: {} } }`,
    reason: "services[1].options.balance: is no value: ignored",
    kept: true,
  },
  {
    name: "an unknown option",
    item: `{ ${good}, options: { speed: 9 } }`,
    reason: 'services[1].options: label portolan.speed with "9" is no option: ignored',
    kept: true,
  },
  {
    name: "a replica without an address",
    item: `{ ${good}, replicas: [{ weight: 9 }] }`,
    reason: "services[1].replicas[0].address: is no host:port: the replica is left out",
    kept: true,
  },
  {
    name: "a replica without a port",
    item: `{ ${good}, replicas: [10.0.0.7] }`,
    reason: "services[1].replicas[0].address: is no host:port: the replica is left out",
    kept: true,
  },
  {
    name: "a replica of too much weight",
    item: `{ ${good}, replicas: [{ address: "h:1", weight: 1001 }] }`,
    reason: "services[1].replicas[0].weight: cannot be used: ignored",
    kept: true,
  },
];

suite("a bad item of a file harms only itself", () => {
  for (const { name, item, reason, kept = false } of faults) {
    test(name, () => {
      const { services, problems } = read(
        `services:\n  - { app: a, port: 80 }\n  - ${item}\n  - { app: c, port: 82 }\n`,
      );
      assert.deepEqual(
        problems.map((problem) => problem.reason),
        [reason],
      );
      assert.deepEqual(
        services.map(({ app }) => app),
        kept ? ["a", "b", "c"] : ["a", "c"],
      );
    });
  }

  test("names from the prototype are names like others", () => {
    const { services, problems } = read(
      "services: [{ __proto__: { app: a }, constructor: 1, app: toString, port: 80, options: { __proto__: x } }]",
    );
    assert.deepEqual(
      services.map(({ app }) => app),
      ["toString"],
    );
    assert.equal(problems.length, 3);
    assert.equal(Reflect.get({}, "app"), undefined);
  });

  test("no document makes it throw anything but an Error, or say more than anyone reads", () => {
    const item = fc.record(
      {
        app: fc.oneof(fc.string({ unit: "binary" }), fc.jsonValue()),
        port: fc.oneof(fc.integer(), fc.jsonValue()),
        protocol: fc.oneof(fc.constantFrom("tcp", "udp", "both"), fc.jsonValue()),
        options: fc.jsonValue(),
        replicas: fc.oneof(fc.array(fc.oneof(fc.string(), fc.jsonValue())), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(item, fc.jsonValue())), (services) => {
        const { claims, problems } = readServices({ services }, 0);
        gatherServices(claims, "file");
        for (const { reason } of problems.list()) assert.ok(reason.length <= 301);
      }),
    );
  });

  test("thousands of faults are counted rather than kept", () => {
    const { problems } = readServices({ services: Array.from({ length: 5000 }, () => 1) }, 0);
    assert.equal(problems.list().length, 501);
    assert.equal(problems.list().at(-1)?.reason, "4500 more problems");
  });
});
