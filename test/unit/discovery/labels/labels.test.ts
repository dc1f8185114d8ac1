import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { labelsOf } from "../../../../src/discovery/labels/labels.ts";
import { readOwnLabels } from "../../../../src/discovery/labels/own-labels.ts";
import { ownOptions } from "../../../../src/discovery/labels/own-options.ts";
import { readLabels } from "../../../../src/discovery/labels/read-labels.ts";
import { toServices } from "../../../../src/discovery/marathon/to-services.ts";
import { parseApps } from "../../../../src/discovery/marathon/wire.ts";
import { everything } from "../marathon/service-options.ts";
import { checkTables } from "./label-tables/check-tables.ts";
import { forwardingTables } from "./label-tables/forwarding-tables.ts";
import { hostTables } from "./label-tables/host-tables.ts";

type Labels = Readonly<Record<string, string>>;

function read(labels: Labels, ...ports: readonly Labels[]) {
  const { ports: readings, faults } = readLabels(labelsOf(labels), ports.map(labelsOf));
  return { ports: readings.map(({ settings }) => settings), faults };
}

const tables = { ...forwardingTables, ...checkTables, ...hostTables };

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

test("a check for a master resets the connections of what is none any more, unless told otherwise", () => {
  const check = { "portolan.0.check": "redis-master" };
  assert.deepEqual(read(check, {}).ports, [{ kind: "redis-master", closeOnDown: true }]);
  const not = { ...check, "portolan.0.close-on-down": "false" };
  assert.deepEqual(read(not, {}).ports, [{ kind: "redis-master", closeOnDown: false }]);
});

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
    const map = new Map(Object.entries(labels));
    const reading = readOwnLabels({ labels: map, ports: [{ labels: map }] });
    assert.deepEqual(reading, { ports: [[]], faults: [] });
  });
});

suite("labels of an app reach its services", () => {
  const tasks = [{ id: "t", host: "h", ports: [31_000, 31_001], state: "TASK_RUNNING" }];

  function servicesOf(app: object) {
    return toServices(parseApps({ apps: [{ id: "/a", tasks, ...app }] })?.apps ?? [], everything);
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
