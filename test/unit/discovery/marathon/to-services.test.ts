import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { dialAddress } from "../../../../src/discovery/marathon/addresses.ts";
import { declaredPorts } from "../../../../src/discovery/marathon/ports.ts";
import { toServices } from "../../../../src/discovery/marathon/to-services.ts";
import { parseApps, type WireApp } from "../../../../src/discovery/marathon/wire.ts";
import { everything } from "./service-options.ts";

const running = { state: "TASK_RUNNING", startedAt: "2020-01-01T00:00:00.000Z" };

function appsOf(...apps: readonly object[]): readonly WireApp[] {
  return parseApps({ apps })?.apps ?? [];
}

function servicesOf(...apps: readonly object[]) {
  return toServices(appsOf(...apps), everything);
}

suite("where a task is dialled", () => {
  const task = {
    id: "t",
    host: "agent",
    ports: [31000, 31001],
    ipAddresses: [{ ipAddress: "9.0.0.1" }],
    ...running,
  };
  const mappings = [
    { containerPort: 80, hostPort: 0, servicePort: 1 },
    { containerPort: 81, servicePort: 2 },
    { containerPort: 82, hostPort: 0, servicePort: 3 },
  ];
  const rows: readonly {
    readonly name: string;
    readonly app: object;
    readonly want: readonly string[];
  }[] = [
    { name: "host, legacy ports", app: { ports: [1, 2] }, want: ["agent:31000", "agent:31001"] },
    {
      name: "host, definitions",
      app: { portDefinitions: [{ port: 1 }, { port: 2 }] },
      want: ["agent:31000", "agent:31001"],
    },
    {
      name: "host, more definitions than ports",
      app: { portDefinitions: [{ port: 1 }, { port: 2 }, { port: 3 }] },
      want: ["agent:31000", "agent:31001", "none"],
    },
    {
      name: "bridge, never the container's address",
      app: { container: { docker: { network: "BRIDGE", portMappings: mappings } } },
      want: ["agent:31000", "agent:31001", "none"],
    },
    {
      name: "container, host ports counted among those that have one",
      app: { networks: [{ mode: "container" }], container: { portMappings: mappings } },
      want: ["agent:31000", "9.0.0.1:81", "agent:31001"],
    },
    {
      name: "mappings win over legacy ports",
      app: {
        ports: [9, 9],
        container: { docker: { network: "BRIDGE", portMappings: mappings.slice(0, 1) } },
      },
      want: ["agent:31000"],
    },
    { name: "nothing declared", app: { ports: [], portDefinitions: [] }, want: [] },
  ];
  for (const { name, app, want } of rows) {
    test(name, () => {
      const [parsed] = appsOf({ id: "/a", ...app, tasks: [task] });
      const [only] = parsed?.tasks ?? [];
      assert.ok(parsed && only);
      const dialled = declaredPorts(parsed).map(({ reach }) => dialAddress(only, reach));
      assert.deepEqual(
        dialled.map((address) => (address ? `${address.host}:${address.port}` : "none")),
        want,
      );
    });
  }

  test("a container without an address yet is nowhere", () => {
    const [parsed] = appsOf({
      id: "/a",
      networks: [{ mode: "container" }],
      container: { portMappings: mappings.slice(1, 2) },
      tasks: [{ ...task, ipAddresses: [] }],
    });
    const [only] = parsed?.tasks ?? [];
    const [port] = parsed ? declaredPorts(parsed) : [];
    assert.ok(only && port);
    assert.equal(dialAddress(only, port.reach), undefined);
  });
});

suite("the services of apps", () => {
  test("an app without tasks has its services, without replicas", () => {
    const { services, problems } = servicesOf({ id: "/demo/webapp", ports: [1234], tasks: [] });
    assert.deepEqual(services, [
      {
        app: "/demo/webapp",
        name: "webapp.demo",
        port: 1234,
        portIndex: 0,
        merges: false,
        protocol: "tcp",
        mode: "tcp",
        source: "marathon",
        configuredAt: 0,
        policy: {},
        check: {},
        hosts: undefined,
        replicas: [],
      },
    ]);
    assert.deepEqual(problems, []);
  });

  test("`udp,tcp` gives two services with the same replicas", () => {
    const { services } = servicesOf({
      id: "/a",
      portDefinitions: [{ port: 53, protocol: "udp,tcp" }],
      tasks: [{ id: "t", host: "h", ports: [31000], ...running }],
    });
    assert.deepEqual(
      services.map(({ protocol, mode }) => [protocol, mode]),
      [
        ["udp", "udp"],
        ["tcp", "tcp"],
      ],
    );
    assert.ok(services.every(({ replicas }) => replicas[0]?.address.port === 31_000));
  });

  test("ports that cannot be served are skipped, each with a problem (B03)", () => {
    const { services, problems } = servicesOf({
      id: "/a",
      ports: [0, 65_536, -1, "8080", 1.5, 80],
    });
    assert.deepEqual(
      services.map(({ port }) => port),
      [80],
    );
    assert.equal(problems.length, 5);
    assert.ok(problems.every(({ kind, subject }) => kind === "invalid-port" && subject === "/a"));
  });

  test("the same port twice is the first one; as tcp and udp it is two", () => {
    const tasks = [{ id: "t", host: "h", ports: [1001, 1002, 1003], ...running }];
    const portDefinitions = [{ port: 53 }, { port: 53 }, { port: 53, protocol: "udp" }];
    const { services, problems } = servicesOf({ id: "/a", portDefinitions, tasks });
    assert.deepEqual(
      services.map(({ protocol, replicas }) => [protocol, replicas[0]?.address.port]),
      [
        ["tcp", 1001],
        ["udp", 1003],
      ],
    );
    assert.equal(problems.length, 1);
  });

  test("two apps on one port are both there", () => {
    assert.equal(
      servicesOf({ id: "/a", ports: [80] }, { id: "/b", ports: [80] }).services.length,
      2,
    );
  });

  const hosts: readonly {
    readonly host: unknown;
    readonly replicas: number;
    readonly problems: number;
  }[] = [
    { host: "agent-1.example.com", replicas: 1, problems: 0 },
    { host: "fe80::1", replicas: 1, problems: 0 },
    { host: "a b", replicas: 0, problems: 1 },
    { host: "$(id)", replicas: 0, problems: 1 },
    { host: "[::1]", replicas: 0, problems: 1 },
    { host: "x".repeat(300), replicas: 0, problems: 1 },
    { host: null, replicas: 0, problems: 1 },
  ];
  for (const { host, replicas, problems } of hosts) {
    test(`a task on host ${JSON.stringify(host).slice(0, 30)} harms only itself`, () => {
      const tasks = [
        { id: "bad", host, ports: [1], ...running },
        { id: "good", host: "h", ports: [2], ...running },
      ];
      const made = servicesOf({ id: "/a", ports: [80], tasks });
      assert.equal(made.services[0]?.replicas.length, replicas + 1);
      assert.equal(made.problems.length, problems);
    });
  }

  test("a replica without a port of its own is left out of that service only (M27)", () => {
    const tasks = [{ id: "t", host: "h", ports: [1], ...running }];
    const { services, problems } = servicesOf({ id: "/a", ports: [80, 81], tasks });
    assert.deepEqual(
      services.map(({ replicas }) => replicas.length),
      [1, 0],
    );
    assert.equal(problems.length, 1);
  });

  test("ten thousand bad tasks make a bounded number of problems", () => {
    const tasks = Array.from({ length: 10_000 }, (_, index) => ({
      id: `t${index}`,
      host: "a b",
      ports: [1],
      ...running,
    }));
    const { problems } = servicesOf({ id: "/a", ports: [80], tasks });
    assert.equal(problems.length, 21);
    assert.equal(problems.at(-1)?.kind, "limit-reached");
  });
});
