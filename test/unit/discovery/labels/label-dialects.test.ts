import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { labelsOf } from "../../../../src/discovery/labels/labels.ts";
import { readLabels } from "../../../../src/discovery/labels/read-labels.ts";
import type { PortSettings } from "../../../../src/discovery/labels/reading.ts";

type Labels = Readonly<Record<string, string>>;

function read(labels: Labels, ...ports: readonly Labels[]) {
  const { ports: readings, faults } = readLabels(labelsOf(labels), ports.map(labelsOf));
  return { ports: readings.map(({ settings }) => settings), faults };
}

interface Row {
  readonly label: string;
  readonly text: string;
  readonly want: Partial<PortSettings>;
  /** How the fault ends that names label, value and what was done; absent for none. */
  readonly fault?: string;
}

/** A row without a fault. */
function good(label: string, text: string, want: Partial<PortSettings>): Row {
  return { label, text, want };
}

/** A row whose value is clamped or ignored. */
function bad(label: string, text: string, fault: string): Row {
  return { label, text, want: {}, fault };
}

function assertRow({ label, text, want, fault }: Row, reading: ReturnType<typeof read>): void {
  assert.deepEqual(reading.ports, [want]);
  if (fault === undefined) return assert.deepEqual(reading.faults, []);
  assert.equal(reading.faults.length, 1);
  const [found = ""] = reading.faults;
  assert.ok(found.startsWith(`label ${label}`) && found.includes(`"${text}"`), found);
  assert.ok(found.endsWith(fault), found);
}

const proxymatic = "com.meltwater.proxymatic.port.0.";
const proxymaticRows: readonly Row[] = [
  good("servicePort", "1234", { servicePort: 1234 }),
  bad("servicePort", "70000", ": ignored"),
  bad("servicePort", "0", ": ignored"),
  bad("servicePort", "12a", ": ignored"),
  good("weight", "1", { weight: 1 }),
  good("weight", "1000", { weight: 1000 }),
  good("weight", "0", { weight: 0 }),
  { ...bad("weight", "5000", ": taken as 1000"), want: { weight: 1000 } },
  bad("weight", "heavy", ": ignored"),
  good("maxconn", "30", { replicaLimit: 30 }),
  good("maxconn", "0", { replicaLimit: 0 }),
  { ...bad("maxconn", "-1", ": taken as 0"), want: { replicaLimit: 0 } },
  good("mode", "tcp", { mode: "tcp" }),
  good("mode", "http", { mode: "http" }),
  bad("mode", "smtp", ": ignored"),
  good("timeout.client", "30", { clientTimeoutMs: 30_000 }),
  good("timeout.server", "7200", { serverTimeoutMs: 7_200_000 }),
  { ...bad("timeout.server", "0", ": taken as 1"), want: { serverTimeoutMs: 1000 } },
  bad("timeout.client", "5m", ": ignored"),
  bad("timeout", "30", "is no option: ignored"),
  bad("colour", "red", "is no option: ignored"),
];

suite("proxymatic's labels", () => {
  for (const row of proxymaticRows) {
    test(`${row.label}: ${row.text}`, () => {
      assertRow(
        { ...row, label: proxymatic + row.label },
        read({ [proxymatic + row.label]: row.text }, {}),
      );
    });
  }

  test("stand on the app, and name one of its ports", () => {
    const label = "com.meltwater.proxymatic.port.1.weight";
    assert.deepEqual(read({ [label]: "7" }, {}, {}), { ports: [{}, { weight: 7 }], faults: [] });
    assert.deepEqual(read({ [label]: "7" }, {}), {
      ports: [{}],
      faults: [`label ${label} with "7" is of a port that the app does not have: ignored`],
    });
    assert.deepEqual(read({}, { [label]: "7" }).faults, [
      `label ${label} of port 0 with "7" is read on the app alone: ignored`,
    ]);
  });
});

const mmsdRows: readonly Row[] = [
  good("proto", "http", { mode: "http", kind: "http" }),
  good("proto", "HTTPS", { mode: "tcp", kind: "https" }),
  good("proto", "redis", { mode: "tcp", kind: "redis" }),
  good("proto", "redis-server", { mode: "tcp", kind: "redis" }),
  good("proto", "redis-master", { mode: "tcp", kind: "redis-master", closeOnDown: true }),
  good("proto", "redis-slave", { mode: "tcp", kind: "redis-slave" }),
  good("proto", "smtp", { mode: "tcp", kind: "smtp" }),
  good("proto", "tcp", { mode: "tcp", kind: "tcp" }),
  bad("proto", "gopher", ": ignored"),
  good("lb-group", "a,b", { groups: ["a", "b"] }),
  bad("lb-group", "", ": ignored"),
  good("lb-accept-proxy", "1", { acceptProxy: true }),
  good("lb-accept-proxy", "0", { acceptProxy: false }),
  bad("lb-accept-proxy", "maybe", ": ignored"),
  good("lb-proxy-protocol", "1", { sendProxy: 1 }),
  good("lb-proxy-protocol", "2 ", { sendProxy: 2 }),
  good("lb-proxy-protocol", "0", { sendProxy: 0 }),
  bad("lb-proxy-protocol", "3", ": ignored"),
  bad("lb-proxy-protocol", "true", ": ignored"),
  good("lb-vhost", "a.example, *.b.example", { httpHosts: ["a.example", "*.b.example"] }),
  bad("lb-vhost", "*", ": left out"),
  bad("lb-vhost", "*.com", ": left out"),
  bad("lb-vhost", "", ": ignored"),
  bad("lb-vhost", ",", ": ignored"),
  good("lb-vhost-ssl", "a.example", { tlsHosts: ["a.example"] }),
  good("disable-haproxy-health-check", "true", { health: "marathon" }),
  good("disable-haproxy-health-check", "false", {}),
  bad("disable-haproxy-health-check", "yes", ": ignored"),
  good("http-connection-mode", "httpclose", { httpReuse: "close" }),
  good("http-connection-mode", "http-server-close", { httpReuse: "server-close" }),
  good("http-connection-mode", "http-keep-alive", { httpReuse: "keep-alive" }),
  bad("http-connection-mode", "tunnel", ": ignored"),
  good("lb-mode", "roundrobin", { datagrams: "session" }),
  good("lb-mode", "multicast", { datagrams: "multicast" }),
  bad("lb-mode", "broadcast", ": ignored"),
  bad("haproxy-logging", "1", "has no meaning here: ignored"),
  bad("lb-colour", "red", "is no option: ignored"),
];

suite("mmsd's labels", () => {
  for (const row of mmsdRows) {
    test(`${row.label}: ${row.text}, on the port or on the app`, () => {
      assertRow(row, read({}, { [row.label]: row.text }));
      assertRow(row, read({ [row.label]: row.text }, {}));
    });
  }

  for (const [label, setting] of [
    ["lb-vhost-default", "httpDefault"],
    ["lb-vhost-ssl-default", "tlsDefault"],
    ["lb-vhost-default-ssl", "tlsDefault"],
  ] as const) {
    test(`${label} is a switch on a port, and the index of a port on the app`, () => {
      assert.deepEqual(read({}, {}, { [label]: "1" }).ports, [{}, { [setting]: true }]);
      assert.deepEqual(read({}, {}, { [label]: "0" }).ports, [{}, { [setting]: false }]);
      assert.deepEqual(read({ [label]: "1" }, {}, {}).ports, [{}, { [setting]: true }]);
      assert.deepEqual(read({ [label]: "0" }, {}, {}).ports, [{ [setting]: true }, {}]);
      const { ports, faults } = read({ [label]: "all" }, {}, {});
      assert.deepEqual(ports, [{}, {}]);
      assert.equal(faults.length, 1);
    });
  }

  test("on a port override what stands on the app for all of them, which is no contradiction", () => {
    const { ports, faults } = read({ "lb-group": "a", proto: "http" }, { "lb-group": "b" }, {});
    assert.deepEqual(
      ports.map(({ groups }) => groups),
      [["b"], ["a"]],
    );
    assert.deepEqual(faults, []);
  });
});

const marathonLb = "HAPROXY_0_";
const cookie = "mesosphere_server_id";
const marathonLbRows: readonly Row[] = [
  good("GROUP", "external,internal", { groups: ["external", "internal"] }),
  good("ENABLED", "false", { enabled: false }),
  bad("ENABLED", "no", ": ignored"),
  good("PORT", "9000", { servicePort: 9000 }),
  bad("PORT", "99999", ": ignored"),
  good("MODE", "http", { mode: "http" }),
  bad("MODE", "health", ": ignored"),
  good("BALANCE", "roundrobin", { balance: "roundrobin" }),
  good("BALANCE", "static-rr", { balance: "roundrobin" }),
  good("BALANCE", "leastconn", { balance: "leastconn" }),
  good("BALANCE", "source", { balance: "source" }),
  good("BALANCE", "first", { balance: "first" }),
  good("BALANCE", "random", { balance: "random2" }),
  bad("BALANCE", "uri", ": ignored"),
  good("VHOST", "A.example", { httpHosts: ["a.example"], mode: "http" }),
  good("STICKY", "true", { stickyCookie: cookie }),
  good("STICKY", "false", { stickyCookie: "" }),
  good("BACKEND_NETWORK_ALLOWED_ACL", "10.0.0.0/8 ::1", { allow: ["10.0.0.0/8", "::1"] }),
  good("BACKEND_HEALTHCHECK_PORT_INDEX", "1", { checkPortIndex: 1 }),
  bad("BACKEND_HEALTHCHECK_PORT_INDEX", "-1", ": ignored"),
  ...["BIND_ADDR", "SSL_CERT", "BACKEND_WEIGHT", "PATH", "AUTH", "USE_HSTS"].map((option) =>
    bad(option, "x", "has no meaning here: ignored"),
  ),
  ...[
    "BACKEND_HEAD",
    "FRONTEND_HEAD",
    "HTTP_FRONTEND_ACL",
    "HTTPS_FRONTEND_ACL_WITH_PATH",
    "BACKEND_HTTP_OPTIONS",
    "BACKEND_SERVER_TCP_HEALTHCHECK_OPTIONS",
    "FRONTEND_BACKEND_GLUE",
    "TCP_BACKEND_ACL_ALLOW_DENY",
  ].map((option) => bad(option, "x", "is text for HAProxy's configuration: ignored")),
  bad("COLOUR", "red", "is no option: ignored"),
];

suite("marathon-lb's labels", () => {
  for (const row of marathonLbRows) {
    test(`${row.label}: ${row.text}`, () => {
      const label = marathonLb + row.label;
      assertRow({ ...row, label }, read({ [label]: row.text }, {}));
    });
  }

  test("a virtual host implies http, as long as no label says otherwise", () => {
    const labels = { HAPROXY_0_VHOST: "a.example", HAPROXY_0_MODE: "tcp" };
    assert.deepEqual(read(labels, {}), {
      ports: [{ httpHosts: ["a.example"], mode: "tcp" }],
      faults: [],
    });
  });

  test("the group of the app is that of each port without one", () => {
    const { ports, faults } = read({ HAPROXY_GROUP: "a", HAPROXY_1_GROUP: "b" }, {}, {});
    assert.deepEqual(ports, [{ groups: ["a"] }, { groups: ["b"] }]);
    assert.deepEqual(faults, []);
  });

  test("of a deployment are known, and its number is checked", () => {
    const labels = {
      HAPROXY_DEPLOYMENT_GROUP: "web",
      HAPROXY_DEPLOYMENT_ALT_PORT: "10001",
      HAPROXY_DEPLOYMENT_COLOUR: "blue",
      HAPROXY_DEPLOYMENT_STARTED_AT: "2024-01-01T00:00:00.000Z",
      HAPROXY_DEPLOYMENT_NEW_INSTANCES: "1",
      HAPROXY_DEPLOYMENT_TARGET_INSTANCES: "4",
    };
    assert.deepEqual(read(labels, {}), { ports: [{}], faults: [] });
    const { faults } = read({ ...labels, HAPROXY_DEPLOYMENT_TARGET_INSTANCES: "many" }, {});
    assert.equal(faults.length, 1);
    assert.equal(read({ HAPROXY_DEPLOYMENT_X: "1" }, {}).faults.length, 1);
  });

  test("of a port that the app lacks, and on a port, are reported", () => {
    assert.deepEqual(read({ HAPROXY_3_PORT: "80" }, {}).faults, [
      'label HAPROXY_3_PORT with "80" is of a port that the app does not have: ignored',
    ]);
    assert.deepEqual(read({}, { HAPROXY_0_PORT: "80" }).faults, [
      'label HAPROXY_0_PORT of port 0 with "80" is read on the app alone: ignored',
    ]);
  });
});

suite("dialects that disagree", () => {
  test("are believed in their order, and each yielding label is reported", () => {
    const said = {
      "portolan.0.service-port": "1001",
      [`${proxymatic}servicePort`]: "1002",
      HAPROXY_0_PORT: "1003",
    };
    assert.deepEqual(read(said, {}), {
      ports: [{ servicePort: 1001 }],
      faults: [
        `label ${proxymatic}servicePort: "1002" yields to portolan.0.service-port`,
        'label HAPROXY_0_PORT: "1003" yields to portolan.0.service-port',
      ],
    });
    const modes = { [`${proxymatic}mode`]: "tcp", proto: "http", HAPROXY_0_MODE: "http" };
    assert.deepEqual(read(modes, {}), {
      ports: [{ mode: "tcp", kind: "http" }],
      faults: [
        `label proto: "http" yields to ${proxymatic}mode`,
        `label HAPROXY_0_MODE: "http" yields to ${proxymatic}mode`,
      ],
    });
    assert.deepEqual(read({ HAPROXY_GROUP: "a" }, { "lb-group": "b" }), {
      ports: [{ groups: ["b"] }],
      faults: ['label HAPROXY_GROUP: "a" yields to lb-group of port 0'],
    });
  });

  test("that agree are no problem, however each of them writes it", () => {
    const said = {
      "portolan.0.mode": "HTTP",
      [`${proxymatic}mode`]: "http",
      HAPROXY_0_MODE: "http",
    };
    assert.deepEqual(read(said, {}), { ports: [{ mode: "http" }], faults: [] });
    assert.deepEqual(read({}, { "lb-vhost-ssl-default": "1", "lb-vhost-default-ssl": "true" }), {
      ports: [{ tlsDefault: true }],
      faults: [],
    });
  });

  test("a setting is told with the label it came from", () => {
    const { ports } = readLabels(labelsOf({ HAPROXY_0_VHOST: "a", "portolan.0.weight": "7" }), [
      labelsOf({}),
    ]);
    assert.deepEqual(ports[0]?.labels, {
      weight: "portolan.0.weight",
      httpHosts: "HAPROXY_0_VHOST",
      mode: "HAPROXY_0_VHOST",
    });
  });
});
