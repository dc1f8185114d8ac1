import assert from "node:assert/strict";
import { suite, test } from "node:test";

import fc from "fast-check";

import { gatherServices } from "../../../../src/discovery/claims.ts";
import { toClaims } from "../../../../src/discovery/docker/containers.ts";
import { ProblemList } from "../../../../src/discovery/problem-list.ts";
import type { Problem } from "../../../../src/model/problem.ts";
import type { Service } from "../../../../src/model/service.ts";

function read(...items: readonly unknown[]): {
  services: readonly Service[];
  problems: readonly Problem[];
} {
  const problems = new ProblemList("docker");
  const surroundings = { hostAddress: "127.0.0.1", host: "box", problems };
  const claims = items.flatMap((item) => toClaims(item, surroundings));
  return { services: gatherServices(claims, "docker"), problems: problems.list() };
}

const id = "0123456789abcdef0123456789abcdef";
const tcp = { IP: "0.0.0.0", PrivatePort: 8080, PublicPort: 31_000, Type: "tcp" };
const networks = { Networks: { bridge: { IPAddress: "172.17.0.2" } } };

function container(over: object = {}, labels: object = {}): object {
  return {
    Id: id,
    Names: ["/web-1"],
    State: "running",
    Status: "Up 2 hours",
    Created: 1_700_000_000,
    Labels: { "portolan.port": "80", ...labels },
    Ports: [tcp],
    ...over,
  };
}

const address = ({ services }: ReturnType<typeof read>): string | undefined => {
  const { host, port } = services[0]?.replicas[0]?.address ?? {};
  return host && `${host}:${port}`;
};

suite("how a container stands", () => {
  const rows = [
    { given: { Status: "Up 2 hours" }, want: "up" },
    { given: { Status: "Up 2 hours (healthy)" }, want: "up" },
    { given: { Status: "Up 2 hours (unhealthy)" }, want: "down" },
    { given: { Status: "Up 2 seconds (health: starting)" }, want: "unknown" },
    { given: { Status: "Up 2 hours", Health: { Status: "unhealthy" } }, want: "down" },
    { given: { Status: "Up 2 hours", Health: { Status: "none" } }, want: "up" },
    { given: { State: "paused", Status: "Up 2 hours (Paused)" }, want: "down" },
    { given: { State: "exited" }, want: undefined },
    { given: { State: "restarting" }, want: undefined },
    { given: { State: undefined }, want: undefined },
  ];
  for (const { given, want } of rows) {
    test(JSON.stringify(given), () => {
      const { services, problems } = read(container(given));
      assert.equal(services[0]?.replicas[0]?.health, want);
      assert.deepEqual(problems, []);
    });
  }
});

suite("where a container is reached", () => {
  const inside = { "portolan.container-port": "9000" };
  const rows = [
    { name: "its published port", given: {}, want: "127.0.0.1:31000" },
    {
      name: "published on one address only",
      given: { Ports: [{ ...tcp, IP: "10.0.0.7" }] },
      want: "10.0.0.7:31000",
    },
    {
      name: "published on IPv4 and IPv6",
      given: { Ports: [tcp, { ...tcp, IP: "::" }] },
      want: "127.0.0.1:31000",
    },
    {
      name: "the one of several ports that is asked for",
      given: { Ports: [tcp, { ...tcp, PrivatePort: 9000, PublicPort: 31_001 }] },
      labels: inside,
      want: "127.0.0.1:31001",
    },
    {
      name: "not published: its own address",
      given: { Ports: [{ PrivatePort: 8080, Type: "tcp" }], NetworkSettings: networks },
      want: "172.17.0.2:8080",
    },
    {
      name: "not even exposed, but named",
      given: { Ports: [], NetworkSettings: networks },
      labels: inside,
      want: "172.17.0.2:9000",
    },
    {
      name: "on the host's network",
      given: { Ports: [], HostConfig: { NetworkMode: "host" }, NetworkSettings: networks },
      labels: inside,
      want: "127.0.0.1:9000",
    },
  ];
  for (const { name, given, labels, want } of rows)
    test(name, () => assert.equal(address(read(container(given, labels))), want));

  const lost = [
    { name: "several ports and none named", given: { Ports: [tcp, { ...tcp, PrivatePort: 1 }] } },
    { name: "no port at all", given: { Ports: [] } },
    { name: "only a port of the other protocol", given: { Ports: [{ ...tcp, Type: "udp" }] } },
    { name: "no address", given: { Ports: [{ PrivatePort: 8080, Type: "tcp" }] } },
  ];
  for (const { name, given } of lost) {
    test(`${name}: skipped and reported, its sibling stays`, () => {
      const { services, problems } = read(container(given), container({ Id: "other" }));
      assert.equal(services[0]?.replicas.length, 1);
      assert.equal(problems.length, 1);
      assert.match(problems[0]?.reason ?? "", /^container 0123456789ab: .*: skipped$/);
    });
  }
});

suite("what a container declares", () => {
  test("everything", () => {
    const labels = {
      "portolan.name": "/shop/web",
      "portolan.balance": "roundrobin",
      "portolan.weight": "30",
      "com.example": "other",
    };
    const { services, problems } = read(container({}, labels));
    assert.deepEqual(problems, []);
    assert.deepEqual(services, [
      {
        app: "/shop/web",
        name: "web.shop",
        port: 80,
        merges: false,
        protocol: "tcp",
        mode: "tcp",
        policy: { balance: "roundrobin" },
        check: {},
        hosts: undefined,
        source: "docker",
        configuredAt: 1_700_000_000_000,
        replicas: [
          {
            task: "0123456789ab",
            host: "box",
            address: { host: "127.0.0.1", port: 31_000 },
            weight: 30,
            health: "up",
            reason: "container is running",
            draining: false,
          },
        ],
      },
    ]);
  });

  test("several ports; options without a number hold for all, its own win", () => {
    const labels = {
      "portolan.port": undefined,
      "portolan.balance": "first",
      "portolan.0.port": "80",
      "portolan.0.container-port": "8080",
      "portolan.1.port": "53",
      "portolan.1.protocol": "udp",
      "portolan.1.container-port": "5353",
      "portolan.1.balance": "source",
    };
    const ports = [tcp, { ...tcp, PrivatePort: 5353, PublicPort: 31_053, Type: "udp" }];
    const { services, problems } = read(container({ Ports: ports }, labels));
    assert.deepEqual(problems, []);
    assert.deepEqual(
      services.map((service) => [
        `${service.protocol}/${service.port}`,
        service.policy.balance,
        service.replicas[0]?.address.port,
      ]),
      [
        ["tcp/80", "first", 31_000],
        ["udp/53", "source", 31_053],
      ],
    );
  });

  const names = [
    { labels: {}, want: "web-1" },
    {
      labels: { "com.docker.compose.project": "shop", "com.docker.compose.service": "web" },
      want: "/shop/web",
    },
    { labels: { "com.docker.swarm.service.name": "shop_web" }, want: "shop_web" },
    { labels: { "portolan.name": "mine", "com.docker.swarm.service.name": "x" }, want: "mine" },
  ];
  for (const { labels, want } of names)
    test(`is called ${want}`, () =>
      assert.equal(read(container({}, labels)).services[0]?.app, want));

  test("copies of one service are its replicas, the newest speaks for it", () => {
    const compose = { "com.docker.compose.project": "p", "com.docker.compose.service": "s" };
    const { services } = read(
      container({ Id: "a", Created: 1 }, { ...compose, "portolan.balance": "first" }),
      container({ Id: "b", Created: 2 }, { ...compose, "portolan.balance": "source" }),
    );
    assert.equal(services.length, 1);
    assert.equal(services[0]?.policy.balance, "source");
    assert.equal(services[0]?.configuredAt, 1000);
    assert.equal(services[0]?.replicas.length, 2);
  });

  test("without a service port it is none of ours", () => {
    const { services, problems } = read(
      container({ Labels: { "portolan.balance": "nonsense" } }),
      container({ Labels: null }),
    );
    assert.deepEqual([services, problems], [[], []]);
  });

  const bad = [
    { "portolan.port": "0" },
    { "portolan.port": "http" },
    { "portolan.protocol": "sctp" },
    { "portolan.container-port": "-1" },
    { "portolan.name": "a b" },
  ];
  for (const labels of bad) {
    test(`${JSON.stringify(labels)}: skipped and reported`, () => {
      const { services, problems } = read(container({}, labels));
      assert.deepEqual(services, []);
      assert.equal(problems.length, 1);
    });
  }

  test("an unknown option is reported and harms nothing", () => {
    const { services, problems } = read(container({}, { "portolan.speed": "9" }));
    assert.equal(services.length, 1);
    assert.deepEqual(
      problems.map(({ reason }) => reason),
      ['container 0123456789ab: label portolan.speed with "9" is no option: ignored'],
    );
  });
});

test("no item of the list makes it throw, or say more than anyone reads", () => {
  const json = fc.jsonValue();
  const labels = fc.dictionary(
    fc.oneof(
      fc.constantFrom("portolan.port", "portolan.1.port", "portolan.name", "portolan.protocol"),
      fc.string({ unit: "binary" }).map((rest) => `portolan.${rest}`),
    ),
    fc.oneof(fc.nat(70_000).map(String), fc.string({ unit: "binary" }), json),
  );
  const item = fc.record(
    {
      Id: fc.oneof(fc.string(), json),
      Names: fc.oneof(fc.array(fc.string({ unit: "binary" })), json),
      State: fc.constantFrom("running", "paused", 7),
      Status: json,
      Created: json,
      Labels: labels,
      Ports: fc.oneof(fc.array(fc.oneof(fc.constant(tcp), json)), json),
      HostConfig: json,
      NetworkSettings: json,
    },
    { requiredKeys: ["Id", "State", "Labels"] },
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(item, json)), (items) => {
      for (const { reason, subject } of read(...items).problems)
        assert.ok(reason.length <= 301 && subject.length <= 256);
    }),
  );
});
