import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { toServices } from "../../../../src/discovery/marathon/to-services.ts";
import { parseApps } from "../../../../src/discovery/marathon/wire.ts";
import { everything } from "./service-options.ts";

const task = {
  id: "t",
  host: "agent",
  ports: [31_000, 31_001],
  ipAddresses: [{ ipAddress: "9.0.0.1" }],
  state: "TASK_RUNNING",
};
const http = { protocol: "HTTP", path: "/health", intervalSeconds: 5, timeoutSeconds: 2 };
const from = "Marathon's health check 0";
const httpWish = {
  kind: { value: "http", from },
  path: { value: "/health", from },
  intervalMs: { value: 5000, from },
  timeoutMs: { value: 2000, from },
};

function servicesOf(app: object) {
  const apps = parseApps({ apps: [{ id: "/a", ports: [80, 81], tasks: [task], ...app }] })?.apps;
  return toServices(apps ?? [], everything);
}

/** The wish of each service and the port at which its replica is probed, where that is another one. */
function checksOf(app: object) {
  return servicesOf(app).services.map(({ check, replicas }) => ({
    check,
    port: replicas[0]?.checkPort,
  }));
}

suite("how a service is checked", () => {
  test("as Marathon checks the port, and nothing is said of a port without a check", () => {
    assert.deepEqual(checksOf({ healthChecks: [http] }), [
      { check: httpWish, port: undefined },
      { check: {}, port: undefined },
    ]);
    assert.deepEqual(checksOf({ healthChecks: [{ ...http, portIndex: 1 }] }), [
      { check: {}, port: undefined },
      { check: httpWish, port: undefined },
    ]);
  });

  test("by the first of several checks of a port", () => {
    const healthChecks = [{ protocol: "COMMAND" }, { protocol: "TCP" }, http];
    assert.deepEqual(checksOf({ healthChecks })[0]?.check, {
      kind: { value: "tcp", from: "Marathon's health check 1" },
    });
  });

  test("by labels where they say so, by Marathon's check for the rest", () => {
    const labels = { "portolan.0.check-interval": "1s", "portolan.0.check-rise": "1" };
    assert.deepEqual(checksOf({ healthChecks: [http], labels })[0]?.check, {
      ...httpWish,
      intervalMs: { value: 1000, from: "label portolan.0.check-interval" },
      rise: { value: 1, from: "label portolan.0.check-rise" },
    });
  });

  test("at the port that the check names", () => {
    const healthChecks = [{ ...http, port: 9000 }];
    assert.deepEqual(checksOf({ healthChecks })[0], { check: httpWish, port: 9000 });
    assert.equal(checksOf({ healthChecks: [{ ...http, port: 0 }] })[0]?.port, undefined);
  });

  test("at the service's own port when a label says what to ask there", () => {
    const app = { healthChecks: [{ ...http, port: 9000 }], labels: { proto: "redis" } };
    const [first] = checksOf(app);
    assert.deepEqual(first?.check.kind, { value: "redis", from: "label proto" });
    assert.equal(first?.port, undefined);
  });

  test("at another of the app's ports, with the check of that one", () => {
    for (const label of [
      "portolan.1.check-port-index",
      "HAPROXY_1_BACKEND_HEALTHCHECK_PORT_INDEX",
    ]) {
      const labels = { [label]: "0" };
      assert.deepEqual(checksOf({ healthChecks: [http], labels })[1], {
        check: httpWish,
        port: 31_000,
      });
    }
  });

  test("at its own port when the label names none of the app's, which is reported", () => {
    const { services, problems } = servicesOf({ labels: { "portolan.0.check-port-index": "2" } });
    assert.equal(services[0]?.replicas[0]?.checkPort, undefined);
    assert.deepEqual(
      problems.map(({ reason }) => reason),
      ["label portolan.0.check-port-index: the app has no port 2: ignored"],
    );
  });

  const mapped = [
    { containerPort: 8080, hostPort: 0, servicePort: 80 },
    { containerPort: 9090, hostPort: 0, servicePort: 81 },
  ];
  const inside = (port: number): object => ({ ...http, protocol: "MESOS_HTTP", port });

  test("inside a bridge network, at the host port of the container's", () => {
    const app = { networks: [{ mode: "container/bridge" }], container: { portMappings: mapped } };
    assert.deepEqual(checksOf({ ...app, healthChecks: [inside(9090)] }), [
      { check: {}, port: undefined },
      { check: httpWish, port: undefined },
    ]);
    assert.deepEqual(checksOf({ ...app, healthChecks: [inside(7070)] }), [
      { check: {}, port: undefined },
      { check: {}, port: undefined },
    ]);
  });

  test("inside a container network, at any port of the container", () => {
    const portMappings = [{ containerPort: 8080, servicePort: 80 }];
    const app = { networks: [{ mode: "container" }], container: { portMappings } };
    assert.deepEqual(checksOf({ ...app, healthChecks: [inside(7070)] }), [
      { check: httpWish, port: 7070 },
    ]);
  });

  test("what is wrong with a check is a problem of the app", () => {
    const { problems } = servicesOf({ healthChecks: [{ ...http, intervalSeconds: 0 }] });
    assert.deepEqual(problems, [
      {
        kind: "invalid-item",
        subject: "/a",
        reason: "health check 0: intervalSeconds 0 is taken as 100ms",
      },
    ]);
  });
});
