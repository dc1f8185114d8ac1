import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { readOwnLabels } from "../../../../src/discovery/marathon/labels/own-labels.ts";
import { ownOptions } from "../../../../src/discovery/marathon/labels/own-options.ts";
import type { PortSettings } from "../../../../src/discovery/marathon/labels/reading.ts";
import { toServices } from "../../../../src/discovery/marathon/to-services.ts";
import { parseApps } from "../../../../src/discovery/marathon/wire.ts";

type Labels = Readonly<Record<string, string>>;

function read(labels: Labels, ...ports: readonly Labels[]) {
  return readOwnLabels({
    labels: new Map(Object.entries(labels)),
    ports: ports.map((of) => ({ labels: new Map(Object.entries(of)) })),
  });
}

interface Table {
  readonly setting: keyof PortSettings;
  /** Read as they are, without a word. */
  readonly good: readonly (readonly [text: string, want: unknown])[];
  /** Taken as something else, and reported with what was done. */
  readonly mended: readonly (readonly [text: string, want: unknown, done: string])[];
  /** Ignored, and reported. */
  readonly bad: readonly string[];
}

const notNumbers = ["", " ", "abc", "1;drop", "1.5", "1e3", "0x10", "NaN", "Infinity", "1 2", "+1"];
const notTimes = [
  "",
  "abc",
  "1;drop",
  "-1",
  "-1s",
  "1d",
  "s",
  "1e3",
  "NaN",
  "Infinity",
  "0.0001ms",
];
const notSwitches = ["", "yes", "on", "2", "truee", "1;drop"];
const all = ["10.0.0.0/8", "10.1.2.3", "2001:db8::/32"];

function switchOf(setting: keyof PortSettings): Table {
  const good = [
    ["true", true],
    ["1", true],
    [" TRUE ", true],
    ["false", false],
    ["0", false],
  ] as const;
  return { setting, good, mended: [], bad: notSwitches };
}

const tables: Readonly<Record<string, Table>> = {
  balance: {
    setting: "balance",
    good: [
      ["leastconn", "leastconn"],
      ["roundrobin", "roundrobin"],
      ["random2", "random2"],
      ["source", "source"],
      [" First ", "first"],
    ],
    mended: [],
    bad: ["", "random", "least", "leastconn,first", "__proto__", "constructor"],
  },
  locality: {
    setting: "locality",
    good: [
      ["any", "any"],
      ["PREFER", "prefer"],
      ["only", "only"],
    ],
    mended: [],
    bad: ["", "local", "never"],
  },
  weight: {
    setting: "weight",
    good: [
      ["0", 0],
      ["-0", 0],
      ["1", 1],
      [" 500 ", 500],
      ["1000", 1000],
      ["0007", 7],
    ],
    mended: [
      ["1001", 1000, ": taken as 1000"],
      ["-1", 0, ": taken as 0"],
      ["1000000000", 1000, ": taken as 1000"],
      ["9".repeat(400), 1000, ": taken as 1000"],
    ],
    bad: notNumbers,
  },
  "max-connections": {
    setting: "maxConnections",
    good: [
      ["1", 1],
      ["1000000", 1_000_000],
    ],
    mended: [
      ["0", 1, ": taken as 1"],
      ["-1", 1, ": taken as 1"],
      ["1000001", 1_000_000, ": taken as 1000000"],
    ],
    bad: notNumbers,
  },
  "replica-limit": {
    setting: "replicaLimit",
    good: [
      ["0", 0],
      ["30", 30],
      ["1000000", 1_000_000],
    ],
    mended: [
      ["-1", 0, ": taken as 0"],
      ["1000000000", 1_000_000, ": taken as 1000000"],
    ],
    bad: notNumbers,
  },
  "queue-timeout": {
    setting: "queueTimeoutMs",
    good: [
      ["30", 30_000],
      ["500ms", 500],
      ["1h", 3_600_000],
    ],
    mended: [
      ["0", 1, ": taken as 1ms"],
      ["2h", 3_600_000, ": taken as 1h"],
      ["1000000000", 3_600_000, ": taken as 1h"],
    ],
    bad: notTimes,
  },
  "slow-start": {
    setting: "slowStartMs",
    good: [
      ["0", 0],
      ["0ms", 0],
      ["10s", 10_000],
    ],
    mended: [["3601s", 3_600_000, ": taken as 1h"]],
    bad: notTimes,
  },
  "idle-timeout": {
    setting: "idleMs",
    good: [
      ["1", 1000],
      ["2m", 120_000],
      ["24h", 86_400_000],
    ],
    mended: [
      ["0", 1000, ": taken as 1s"],
      ["1ms", 1000, ": taken as 1s"],
      ["25h", 86_400_000, ": taken as 24h"],
    ],
    bad: notTimes,
  },
  "close-on-down": switchOf("closeOnDown"),
  "drain-timeout": {
    setting: "drainMs",
    good: [
      ["0", 0],
      ["1.5s", 1500],
    ],
    mended: [["99999h", 86_400_000, ": taken as 24h"]],
    bad: notTimes,
  },
  "accept-proxy": switchOf("acceptProxy"),
  "send-proxy": {
    setting: "sendProxy",
    good: [
      ["0", 0],
      ["off", 0],
      ["1", 1],
      ["2 ", 2],
    ],
    mended: [],
    bad: ["", "3", "-1", "true", "v2", "on"],
  },
  allow: {
    setting: "allow",
    good: [
      ["10.0.0.0/8, 10.1.2.3,2001:db8::/32", all],
      ["10.0.0.0/8 10.1.2.3\t2001:db8::/32\n", all],
      ["10.1.2.3,10.1.2.3,", ["10.1.2.3"]],
    ],
    mended: [
      ["10.1.2.3,10.0.0.0/33,localhost", ["10.1.2.3"], ": left out"],
      ["10.0.0.256", ["0.0.0.0"], ": nobody is let in"],
      ["a,b,c,d,e", ["0.0.0.0"], ": nobody is let in"],
    ],
    bad: [""],
  },
  deny: {
    setting: "deny",
    good: [["10.0.0.0/8,10.1.2.3 2001:db8::/32", all]],
    mended: [["10.1.2.3,fe80::1%eth0", ["10.1.2.3"], ": left out"]],
    bad: ["", "10.0.0.256", "localhost", "*", "all"],
  },
};

test("every option of our labels has its table here", () => {
  assert.deepEqual(
    Object.entries(tables).map(([option, { setting }]) => [setting, option]),
    Object.entries(ownOptions).map(([setting, { option }]) => [setting, option]),
  );
});

for (const [option, { setting, good, mended, bad }] of Object.entries(tables)) {
  const label = `portolan.0.${option}`;
  suite(`the label ${option}`, () => {
    for (const [text, want] of good) {
      test(`reads ${JSON.stringify(text)}, on the app and on the port`, () => {
        const reading = { ports: [{ [setting]: want }], faults: [] };
        assert.deepEqual(read({ [label]: text }, {}), reading);
        assert.deepEqual(read({}, { [`portolan.${option}`]: text }), reading);
      });
    }
    for (const [text, want, done] of mended) {
      test(`mends ${JSON.stringify(text).slice(0, 40)}, and says so`, () => {
        const { ports, faults } = read({ [label]: text }, {});
        assert.deepEqual(ports, [{ [setting]: want }]);
        assert.ok(
          faults.length > 0 && faults.every((fault) => fault.startsWith(`label ${label}: `)),
        );
        assert.ok(faults.join("; ").endsWith(done), faults.join("; "));
      });
    }
    for (const text of bad) {
      test(`ignores ${JSON.stringify(text)}, and says so`, () => {
        const { ports, faults } = read({ [label]: text }, {});
        assert.deepEqual(ports, [{}]);
        assert.equal(faults.length, 1);
        assert.ok(faults[0]?.startsWith(`label ${label}: "${text}" is `), String(faults[0]));
        assert.match(faults[0] ?? "", /: (?:ignored|left out)$/);
      });
    }
  });
}

suite("where a label stands", () => {
  test("settings of one port leave the others alone", () => {
    const labels = { "portolan.0.balance": "first", "portolan.2.weight": "7" };
    const { ports, faults } = read(labels, {}, { "portolan.locality": "only" }, {});
    assert.deepEqual(ports, [{ balance: "first" }, { locality: "only" }, { weight: 7 }]);
    assert.deepEqual(faults, []);
  });

  test("the port's own label wins, and the other one is reported unless it says the same", () => {
    const port = { "portolan.balance": "first", "portolan.weight": "7" };
    const app = { "portolan.0.balance": "source", "portolan.0.weight": "7" };
    const { ports, faults } = read(app, port);
    assert.deepEqual(ports, [{ balance: "first", weight: 7 }]);
    assert.deepEqual(faults, [
      'label portolan.0.balance: "source" yields to portolan.balance of port 0',
    ]);
  });

  test("a port's own label that says nothing does not hide the app's", () => {
    const { ports, faults } = read(
      { "portolan.0.balance": "source" },
      { "portolan.balance": "best" },
    );
    assert.deepEqual(ports, [{ balance: "source" }]);
    assert.deepEqual(faults, [
      'label portolan.balance of port 0: "best" is not leastconn, roundrobin, random2, source or first: ignored',
    ]);
  });

  const strays: readonly (readonly [name: string, why: RegExp])[] = [
    ["portolan.balance", /is no option/],
    ["portolan.0.colour", /is no option/],
    ["portolan.0.Balance", /is no option/],
    ["portolan.0.balance.", /is no option/],
    ["portolan.00.balance", /is no option/],
    ["portolan.-1.balance", /is no option/],
    ["portolan.0x0.balance", /is no option/],
    ["portolan..balance", /is no option/],
    ["portolan.", /is no option/],
    ["portolan.0.__proto__", /is no option/],
    ["portolan.0.constructor", /is no option/],
    ["portolan.1.balance", /a port that the app does not have/],
    ["portolan.999999.balance", /a port that the app does not have/],
    ["portolan.9999999999.balance", /is no option/],
  ];
  for (const [name, why] of strays) {
    test(`${name} on the app is ignored, and reported with its value`, () => {
      const { ports, faults } = read({ [name]: "first" }, {});
      assert.deepEqual(ports, [{}]);
      assert.equal(faults.length, 1);
      assert.ok(faults[0]?.startsWith(`label ${name} with "first" is `), String(faults[0]));
      assert.match(faults[0] ?? "", why);
      assert.ok(faults[0]?.endsWith(": ignored"));
    });
  }

  test("on a port there is no index, and an unknown option is reported with the port", () => {
    const { ports, faults } = read({}, {}, { "portolan.1.balance": "first", "portolan.x": "y" });
    assert.deepEqual(ports, [{}, {}]);
    assert.deepEqual(faults, [
      'label portolan.1.balance of port 1 with "first" is no option: ignored',
      'label portolan.x of port 1 with "y" is no option: ignored',
    ]);
  });

  test("labels of others are none of our business", () => {
    const labels = {
      portolan: "x",
      "portolanx.0.balance": "x",
      "Portolan.0.balance": "x",
      "com.meltwater.proxymatic.port.0.weight": "x",
      HAPROXY_0_BALANCE: "x",
      "lb-group": "x",
    };
    assert.deepEqual(read(labels, labels), { ports: [{}], faults: [] });
  });
});

suite("labels of an app reach its services", () => {
  const tasks = [{ id: "t", host: "h", ports: [31_000, 31_001], state: "TASK_RUNNING" }];

  function servicesOf(app: object) {
    return toServices(parseApps({ apps: [{ id: "/a", tasks, ...app }] })?.apps ?? [], "marathon");
  }

  test("as policy of the service and weight of its replicas, for both protocols of a port", () => {
    const { services, problems } = servicesOf({
      labels: { "portolan.0.replica-limit": "30", "portolan.0.weight": "0" },
      portDefinitions: [
        { port: 80, protocol: "tcp,udp", labels: { "portolan.send-proxy": "2" } },
        { port: 81 },
      ],
    });
    assert.deepEqual(
      services.map(({ port, protocol, policy, replicas }) => [
        `${protocol}/${port}`,
        policy,
        replicas.map(({ weight }) => weight),
      ]),
      [
        ["tcp/80", { sendProxy: 2, replicaLimit: 30 }, [0]],
        ["udp/80", { sendProxy: 2, replicaLimit: 30 }, [0]],
        ["tcp/81", {}, [500]],
      ],
    );
    assert.deepEqual(problems, []);
  });

  test("counted by position among the mappings, whatever else an entry lacks", () => {
    const { services } = servicesOf({
      networks: [{ mode: "container/bridge" }],
      labels: { "portolan.2.balance": "first" },
      container: {
        portMappings: [
          { servicePort: 80, labels: { "portolan.balance": "source" } },
          { servicePort: 0 },
          { servicePort: 81 },
        ],
      },
    });
    assert.deepEqual(
      services.map(({ port, policy }) => [port, policy]),
      [
        [80, { balance: "source" }],
        [81, { balance: "first" }],
      ],
    );
  });

  test("and what is wrong with them becomes a problem of the app, each thing once", () => {
    const { services, problems } = servicesOf({
      labels: { "portolan.0.weight": "5000", "portolan.7.weight": "1" },
      portDefinitions: [{ port: 80, protocol: "tcp,udp" }],
    });
    assert.equal(services.length, 2);
    assert.deepEqual(problems, [
      {
        kind: "invalid-label",
        subject: "/a",
        reason: 'label portolan.7.weight with "1" is of a port that the app does not have: ignored',
      },
      {
        kind: "invalid-label",
        subject: "/a",
        reason:
          'label portolan.0.weight: "5000" is not a whole number from 0 to 1000: taken as 1000',
      },
    ]);
  });
});
