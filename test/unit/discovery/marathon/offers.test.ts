import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { parseVersion, type AppDefinition } from "../../../../src/discovery/marathon/definition.ts";
import {
  toServices,
  type AppServicesOptions,
} from "../../../../src/discovery/marathon/to-services.ts";
import { parseApps } from "../../../../src/discovery/marathon/wire.ts";
import { everything } from "./service-options.ts";

const days = ["2024-01-01T00:00:00.000Z", "2024-01-02T00:00:00.000Z", "2024-01-03T00:00:00.000Z"];
const [first = "", second = "", third = ""] = days;

function task(id: string, port: number, version?: string): object {
  return { id, host: "h", ports: [port, port + 1], state: "TASK_RUNNING", version };
}

function servicesOf(apps: readonly object[], options: Partial<AppServicesOptions> = {}) {
  return toServices(parseApps({ apps })?.apps ?? [], { ...everything, ...options });
}

/** `protocol/port`, and the tasks with their weights. */
function offered(apps: readonly object[], options: Partial<AppServicesOptions> = {}) {
  return servicesOf(apps, options).services.map(
    ({ protocol, port, replicas }) =>
      `${protocol}/${port} ${replicas.map((replica) => `${replica.task}:${replica.weight}`).join(" ")}`,
  );
}

suite("a service port chosen by a label", () => {
  const labels = [
    "portolan.0.service-port",
    "com.meltwater.proxymatic.port.0.servicePort",
    "HAPROXY_0_PORT",
  ];
  for (const label of labels) {
    test(`${label} takes the place of the declared one, and may be shared`, () => {
      const app = { id: "/a", ports: [80, 81], labels: { [label]: "1234" } };
      assert.deepEqual(
        servicesOf([app]).services.map(({ port, merges }) => [port, merges]),
        [
          [1234, true],
          [81, false],
        ],
      );
    });
  }

  test("stands for a declared one that cannot be served", () => {
    const { services, problems } = servicesOf([
      { id: "/a", ports: [0], labels: { HAPROXY_0_PORT: "1234" } },
    ]);
    assert.deepEqual(
      services.map(({ port }) => port),
      [1234],
    );
    assert.deepEqual(problems, []);
  });

  test("that cannot be served is reported, and the declared one stays", () => {
    const { services, problems } = servicesOf([
      { id: "/a", ports: [80], labels: { "portolan.0.service-port": "65536" } },
    ]);
    assert.deepEqual(
      services.map(({ port, merges }) => [port, merges]),
      [[80, false]],
    );
    assert.equal(problems.length, 1);
  });

  test("by two apps is there for both, each with its own weight", () => {
    const canary = (id: string, weight: string): object => ({
      id,
      ports: [0],
      labels: { "portolan.0.service-port": "80", "portolan.0.weight": weight },
      tasks: [task(id, 31_000)],
    });
    assert.deepEqual(offered([canary("/a", "900"), canary("/b", "100")]), [
      "tcp/80 /a:900",
      "tcp/80 /b:100",
    ]);
  });
});

suite("an app with an address per task", () => {
  const tasks = [
    { ...task("t", 31_000), ports: [], ipAddresses: [{ ipAddress: "9.0.0.1" }] },
    {
      ...task("u", 31_000),
      ports: [],
      ipAddresses: [{ ipAddress: "fd00::1" }, { ipAddress: "9.0.0.2" }],
    },
    { ...task("v", 31_000), ports: [], ipAddresses: [], state: "TASK_STAGING" },
  ];
  const ports = [
    { number: 8080, name: "http", protocol: "tcp", labels: { "portolan.service-port": "80" } },
    { number: 5353, name: "dns", protocol: "udp" },
    { number: 9090, name: "admin", protocol: "tcp" },
  ];
  const app = {
    id: "/a",
    ports: [],
    portDefinitions: [],
    ipAddress: { discovery: { ports } },
    tasks,
  };

  test("is served where a label says the service port, at the first address of each task", () => {
    const { services, problems } = servicesOf([{ ...app, labels: { HAPROXY_1_PORT: "53" } }]);
    assert.deepEqual(
      services.map(({ protocol, port, replicas }) => [
        `${protocol}/${port}`,
        replicas.map(({ address }) => `${address.host} ${address.port}`),
      ]),
      [
        ["tcp/80", ["9.0.0.1 8080", "fd00::1 8080"]],
        ["udp/53", ["9.0.0.1 5353", "fd00::1 5353"]],
      ],
    );
    assert.deepEqual(problems, []);
  });
});

suite("which ports are offered", () => {
  const app = {
    id: "/a",
    portDefinitions: [
      { port: 80, labels: { "lb-group": "x,y" } },
      { port: 81, labels: { "lb-group": "z" } },
      { port: 82 },
    ],
  };
  const rows: readonly (readonly [groups: readonly string[], ports: readonly number[]])[] = [
    [["*"], [80, 81, 82]],
    [["x"], [80]],
    [
      ["y", "z"],
      [80, 81],
    ],
    [
      ["x", "*"],
      [80, 81, 82],
    ],
    [["X"], []],
    [
      ["", "z"],
      [81, 82],
    ],
    [[], []],
  ];
  for (const [groups, ports] of rows) {
    test(`of the groups ${JSON.stringify(groups)}`, () => {
      const { services, problems } = servicesOf([app], { groups });
      assert.deepEqual(
        services.map(({ port }) => port),
        ports,
      );
      assert.deepEqual(problems, []);
    });
  }

  test("a port that a label turns off is left out", () => {
    const labels = { "portolan.0.enabled": "false", HAPROXY_1_ENABLED: "true" };
    assert.deepEqual(offered([{ id: "/a", ports: [80, 81], labels }]), ["tcp/81 "]);
  });

  test("replicas on the service port itself are left out as a whole, with a problem, when asked to", () => {
    const onHost = { id: "/a", ports: [31_000, 81], tasks: [task("t", 31_000), task("u", 32_000)] };
    assert.equal(servicesOf([onHost]).services.length, 2);
    const { services, problems } = servicesOf([onHost], { exposeHost: false });
    assert.deepEqual(
      services.map(({ port }) => port),
      [81],
    );
    assert.deepEqual(problems, [
      {
        kind: "port-refused",
        subject: "/a",
        reason: "service port 31000 is the one its replicas listen on: left out",
      },
    ]);
  });
});

suite("tasks of several versions of an app", () => {
  function options(...versions: readonly object[]): Partial<AppServicesOptions> {
    const known = versions.map((version) => parseVersion("/a", { id: "/a", ...version }));
    const definitions = known.filter(
      (definition): definition is AppDefinition => definition !== undefined,
    );
    return {
      definitionOf: (app, version) =>
        definitions.find(({ id, configuredAt }) => id === app && configuredAt === version),
    };
  }

  test("have the weight, the ports and the checks of their own", () => {
    const app = {
      id: "/a",
      version: second,
      ports: [80],
      labels: { "portolan.0.weight": "100" },
      tasks: [task("new", 32_000, second), task("old", 31_000, first)],
    };
    const old = {
      version: first,
      ports: [90, 80],
      labels: { "portolan.1.weight": "900" },
      healthChecks: [{ portIndex: 1 }],
    };
    const { services } = servicesOf([app], options(old));
    assert.deepEqual(
      services.map(({ port, check, replicas }) => [
        port,
        check.kind?.value,
        replicas.map(({ task: id, address, weight, health }) => [id, address.port, weight, health]),
      ]),
      [
        [
          80,
          undefined,
          [
            ["new", 32_000, 100, "up"],
            ["old", 31_001, 900, "unknown"],
          ],
        ],
        [90, undefined, [["old", 31_000, 500, "unknown"]]],
      ],
    );
  });

  test("of versions that are not known are read by the current definition", () => {
    const tasks = [task("new", 32_000, second), task("old", 31_000, first)];
    assert.deepEqual(offered([{ id: "/a", version: second, ports: [80], tasks }]), [
      "tcp/80 new:500 old:500",
    ]);
  });

  test("that only scaled are all of one definition, and so are tasks without a version", () => {
    const tasks = [
      task("scaled", 31_000, second),
      task("unscaled", 32_000, first),
      task("none", 33_000),
      task("orphan", 34_000, "1970-01-01T00:00:00.000Z"),
    ];
    const app = { id: "/a", version: third, versionInfo: { lastConfigChangeAt: first } };
    const definitionOf = (): never => assert.fail("asked for an older version");
    assert.deepEqual(offered([{ ...app, ports: [80], tasks }], { definitionOf }), [
      "tcp/80 scaled:500 unscaled:500 none:500 orphan:500",
    ]);
  });

  test("keep a service that the current one has given up as long as they run", () => {
    const app = { id: "/a", version: third, ports: [80] };
    const older = [
      { version: first, ports: [70] },
      { version: second, ports: [70], labels: { "portolan.0.balance": "first" } },
    ];
    const tasks = [task("oldest", 31_000, first), task("older", 32_000, second)];
    const { services } = servicesOf([{ ...app, tasks }], options(...older));
    assert.deepEqual(
      services.map(({ port, policy, replicas }) => [
        port,
        policy,
        replicas.map(({ task: id }) => id),
      ]),
      [
        [80, {}, []],
        [70, { balance: "first" }, ["older", "oldest"]],
      ],
    );
  });

  test("each report what is wrong with their labels, the same thing once", () => {
    const wrong = { "portolan.0.weight": "5000" };
    const app = { id: "/a", version: third, ports: [80], labels: wrong };
    const older = [
      { version: first, ports: [80], labels: { "portolan.0.balance": "best" } },
      { version: second, ports: [80], labels: wrong },
    ];
    const tasks = [task("oldest", 31_000, first), task("older", 32_000, second)];
    const { problems } = servicesOf([{ ...app, tasks }], options(...older));
    assert.equal(problems.length, 2);
  });
});
