import assert from "node:assert/strict";
import { suite, test } from "node:test";

import fc from "fast-check";

import { labelsOf } from "../../../../src/discovery/labels/labels.ts";
import { ownOptions } from "../../../../src/discovery/labels/own-options.ts";
import { readLabels } from "../../../../src/discovery/labels/read-labels.ts";
import type { PortSettings } from "../../../../src/discovery/labels/reading.ts";
import { toServices } from "../../../../src/discovery/marathon/to-services.ts";
import { parseApps } from "../../../../src/discovery/marathon/wire.ts";
import { checkKinds, healthModes } from "../../../../src/model/check.ts";
import { isNetwork } from "../../../../src/model/network.ts";
import {
  balancePolicies,
  datagramModes,
  httpReuses,
  localities,
} from "../../../../src/model/policy.ts";
import { everything } from "../marathon/service-options.ts";

const unprintable = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u;
const longestReason = 320;

interface Read {
  readonly ports: readonly Partial<PortSettings>[];
  readonly faults: readonly string[];
}

function read(appLabels: unknown, ...ports: readonly unknown[]): Read {
  const { ports: readings, faults } = readLabels(labelsOf(appLabels), ports.map(labelsOf));
  return { ports: readings.map(({ settings }) => settings), faults };
}

const isOneOf = (words: readonly unknown[]) => (value: unknown) => words.includes(value);
const isWithin = (least: number, most: number) => (value: unknown) =>
  Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
const isText = (grammar: RegExp, longest: number) => (value: unknown) =>
  typeof value === "string" && grammar.test(value) && value.length <= longest;
const isList = (isGood: (value: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every(isGood);
const isNetworks = isList(isNetwork);
const isSwitch = isOneOf([true, false]);
const isHostNames = isList(isText(/^(?:\*\.)?[a-z0-9_][a-z0-9_.-]*$/, 255));
const day = 86_400_000;

/** What the rest of the program may rely on; no duration but those two that mean "off" is ever 0. */
const boundsOf: Readonly<Record<keyof PortSettings, (value: unknown) => boolean>> = {
  balance: isOneOf(balancePolicies),
  locality: isOneOf(localities),
  weight: isWithin(0, 1000),
  maxConnections: isWithin(1, 1_000_000),
  replicaLimit: isWithin(0, 1_000_000),
  queueTimeoutMs: isWithin(1, 3_600_000),
  slowStartMs: isWithin(0, 3_600_000),
  idleMs: isWithin(1000, 86_400_000),
  drainMs: isWithin(0, 86_400_000),
  closeOnDown: isSwitch,
  acceptProxy: isSwitch,
  sendProxy: isOneOf([0, 1, 2]),
  allow: isNetworks,
  deny: isNetworks,
  datagrams: isOneOf(datagramModes),
  sessionIdleMs: isWithin(100, day),
  maxSessions: isWithin(1, 65_536),
  expectedReplies: isWithin(0, 1_000_000),
  httpReuse: isOneOf(httpReuses),
  stickyCookie: isText(/^[!-~]*$/, 64),
  via: isText(/^[!-~]*$/, 64),
  clientTimeoutMs: isWithin(1, day),
  serverTimeoutMs: isWithin(1, day),
  accessLog: isSwitch,
  health: isOneOf(healthModes),
  kind: isOneOf(checkKinds),
  path: isText(/^\/[!-~]*$/, 2048),
  host: isText(/^[!-~]*$/, 253),
  leastStatus: isWithin(100, 599),
  mostStatus: isWithin(100, 599),
  send: isText(/^/, 4096),
  expect: isText(/^/, 4096),
  intervalMs: isWithin(100, day),
  fastIntervalMs: isWithin(100, day),
  timeoutMs: isWithin(10, 600_000),
  rise: isWithin(1, 100),
  fall: isWithin(1, 100),
  checkPortIndex: isWithin(0, 65_535),
  mode: isOneOf(["tcp", "http"]),
  servicePort: isWithin(1, 65_535),
  enabled: isSwitch,
  groups: isList(isText(/^\S+$/, 65_536)),
  httpHosts: isHostNames,
  httpDefault: isSwitch,
  tlsHosts: isHostNames,
  tlsDefault: isSwitch,
};
const bounds = new Map(Object.entries(boundsOf));

function assertSound({ ports, faults }: Read): void {
  for (const settings of ports) {
    for (const [name, value] of Object.entries(settings))
      assert.equal(bounds.get(name)?.(value), true, `${name}: ${JSON.stringify(value)}`);
  }
  for (const fault of faults) {
    assert.ok(fault.length <= longestReason, fault);
    assert.doesNotMatch(fault, unprintable);
  }
}

const options = Object.values(ownOptions).map(({ option }) => option);

const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.constantFrom("0", "-1", "1e9", "1000000000", "Infinity", "NaN", "1;drop", "true", "off", ""),
  fc.integer().map(String),
  fc.tuple(fc.double(), fc.constantFrom("", "ms", "s", "m", "h")).map(([n, unit]) => `${n}${unit}`),
  fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended()), { maxLength: 5 }).map(String),
  fc.tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer()).map(([ip, bits]) => `${ip}/${bits}`),
);

/** What can stand in JSON in the place of labels. */
function labelling(names: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  const values = fc.oneof({ weight: 5, arbitrary: texts }, fc.jsonValue());
  return fc.oneof({ weight: 9, arbitrary: fc.dictionary(names, values) }, fc.jsonValue());
}

const foreignNames = fc.oneof(
  fc
    .constantFrom("servicePort", "weight", "maxconn", "mode", "timeout.client")
    .map((option) => `com.meltwater.proxymatic.port.0.${option}`),
  fc.constantFrom("proto", "lb-group", "lb-vhost", "lb-vhost-default", "lb-mode", "lb-x"),
  fc
    .tuple(fc.nat(3), fc.constantFrom("GROUP", "PORT", "VHOST", "BALANCE", "BACKEND_HEAD", "X"))
    .map(([index, option]) => `HAPROXY_${index}_${option}`),
);
const onApp = labelling(
  fc.oneof(
    fc
      .tuple(fc.nat(3), fc.constantFrom(...options))
      .map(([index, option]) => `portolan.${index}.${option}`),
    fc.string({ unit: "binary" }).map((rest) => `portolan.${rest}`),
    foreignNames,
    fc.string(),
  ),
);
const onPort = labelling(
  fc.oneof(
    fc.constantFrom(...options).map((option) => `portolan.${option}`),
    foreignNames,
    fc.string({ unit: "binary" }).map((rest) => `portolan.${rest}`),
  ),
);

suite("any labels at all", () => {
  test("never throw, give settings within bounds, and printable bounded faults", () => {
    fc.assert(
      fc.property(onApp, fc.array(onPort, { maxLength: 3 }), (app, ports) => {
        const reading = read(app, ...ports);
        assert.equal(reading.ports.length, ports.length);
        assertSound(reading);
      }),
      { numRuns: 2000 },
    );
  });

  test("give each setting from a value of its own option, or a fault", () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.entries(boundsOf)), texts, ([name], text) => {
        const option = new Map(Object.entries(ownOptions)).get(name)?.option ?? "";
        const { ports, faults } = read({ [`portolan.0.${option}`]: text }, {});
        assert.ok(Object.keys(ports[0] ?? {}).every((found) => found === name));
        assert.ok(name in (ports[0] ?? {}) || faults.length >= 1);
      }),
    );
  });
});

suite("hostile labels", () => {
  test("a value of 1 MiB is left out and reported, its neighbours are read (X07)", () => {
    const labels = { "portolan.0.allow": "x".repeat(1024 * 1024), "portolan.0.weight": "7" };
    const { ports, faults } = read(labels, {});
    assert.deepEqual(ports, [{ weight: 7 }]);
    assert.deepEqual(faults, [
      "label portolan.0.allow is longer than 65536 characters, or its name than 1024: ignored",
    ]);
  });

  test("a value of 64 KiB is read, and shown in few characters", () => {
    const { faults } = read({ "portolan.0.allow": `${"x".repeat(32_768)} `.repeat(2).trim() }, {});
    assertSound({ ports: [], faults });
    const addresses = Array.from({ length: 6000 }, (_, n) => `10.0.${n >> 8}.${n & 255}`);
    const { ports } = read({ "portolan.0.deny": addresses.join(" ").slice(0, 65_536) }, {});
    assert.ok((ports[0]?.deny?.length ?? 0) > 5000);
  });

  test("of 10 000 labels the first 1000 are read, the rest is one fault (X07)", () => {
    const many = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [`l${index}`, "x"]),
    );
    const { ports, faults } = read({ "portolan.0.weight": "7", ...many }, {});
    assert.deepEqual(ports, [{ weight: 7 }]);
    assert.deepEqual(faults, ["label l999 and 9000 more are beyond the first 1000: ignored"]);
  });

  test("values that are no text are one fault; numbers are text (X07)", () => {
    const labels = {
      "portolan.0.weight": 7,
      "portolan.0.replica-limit": 1e21,
      "portolan.0.balance": null,
      "portolan.0.locality": ["only"],
      "portolan.0.allow": { a: "10.0.0.1" },
      "portolan.0.accept-proxy": true,
    };
    const { ports, faults } = read(labels, {});
    assert.deepEqual(ports, [{ weight: 7 }]);
    assert.deepEqual(faults, [
      "label portolan.0.balance and 3 more are no text: ignored",
      'label portolan.0.replica-limit: "1e+21" is not a whole number from 0 to 1000000: ignored',
    ]);
  });

  for (const labels of ["x", 7, true, [], [{ a: "b" }]]) {
    test(`${JSON.stringify(labels)} in place of labels is reported, on the app and on a port`, () => {
      const { ports, faults } = read(labels, labels);
      assert.deepEqual(ports, [{}]);
      assert.deepEqual(faults, [
        "labels are no object: ignored",
        "port 0: labels are no object: ignored",
      ]);
    });
  }

  test("no labels are nothing to report", () => {
    assert.deepEqual(read(undefined, null, undefined), { ports: [{}, {}], faults: [] });
  });

  test("line breaks, escapes and marks that turn text around never reach a reason", () => {
    const evil = "first\r\nX: y\u001B[31m\u202Efdp\u2028";
    const { ports, faults } = read(
      { "portolan.0.balance": evil, [`portolan.0.${evil}`]: evil },
      {},
    );
    assert.deepEqual(ports, [{}]);
    assert.equal(faults.length, 2);
    assertSound({ ports, faults });
  });

  test("names out of the prototype neither read nor write anything there", () => {
    const labels: unknown = JSON.parse(
      '{"__proto__":"x","portolan.0.__proto__":"first","portolan.__proto__.balance":"first"}',
    );
    const { ports, faults } = read(labels, labels);
    assert.deepEqual(ports, [{}]);
    assert.equal(faults.length, 4);
    assert.equal(Reflect.get({}, "balance"), undefined);
  });

  test("an app with thousands of ports and bad labels has a bounded number of problems", () => {
    const labels = Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [`portolan.${index}.weight`, "heavy"]),
    );
    const ports = Array.from({ length: 2000 }, (_, index) => ({
      port: 10_000 + index,
      labels: { "portolan.balance": "best", "portolan.x": "y" },
    }));
    const apps = parseApps({ apps: [{ id: "/a", labels, portDefinitions: ports }, { id: "/b" }] });
    const { services, problems } = toServices(apps?.apps ?? [], everything);
    assert.equal(services.length, 2000);
    assert.ok(problems.length <= 21);
    assert.equal(problems.at(-1)?.reason, "4980 more problems");
  });
});
