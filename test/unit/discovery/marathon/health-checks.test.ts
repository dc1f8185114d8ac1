import assert from "node:assert/strict";
import { suite, test } from "node:test";

import fc from "fast-check";

import { parseChecks } from "../../../../src/discovery/marathon/health-checks.ts";

function only(check: unknown) {
  const { checks, checkFaults } = parseChecks([check]);
  return { check: checks[0], faults: checkFaults };
}

suite("the kind of a health check", () => {
  const rows: readonly (readonly [given: object, kind: string | undefined, isInside: boolean])[] = [
    [{}, "http", false],
    [{ protocol: "HTTP" }, "http", false],
    [{ protocol: "HTTPS" }, "https", false],
    [{ protocol: "TCP" }, "tcp", false],
    [{ protocol: "MESOS_HTTP" }, "http", true],
    [{ protocol: "MESOS_HTTPS" }, "https", true],
    [{ protocol: "MESOS_TCP" }, "tcp", true],
    [{ protocol: "COMMAND", command: { value: "true" } }, undefined, false],
  ];
  for (const [given, kind, isInside] of rows) {
    test(JSON.stringify(given), () => {
      const { check, faults } = only(given);
      assert.equal(check?.policy.kind, kind);
      assert.equal(check?.isInside ?? false, isInside);
      assert.deepEqual(faults, []);
    });
  }

  test("unknown is no probe, and reported", () => {
    assert.deepEqual(only({ protocol: "GOPHER" }), {
      check: undefined,
      faults: ['health check 0: protocol "GOPHER" is not known: no probe'],
    });
  });
});

suite("the path of a health check", () => {
  const good: readonly (readonly [path: unknown, want: string])[] = [
    [undefined, "/"],
    [null, "/"],
    ["", "/"],
    ["/health?x=%20&y", "/health?x=%20&y"],
    ["health", "/health"],
    ["http://evil/", "/http://evil/"],
    ["/a b", "/a%20b"],
    ["/ä€", "/%C3%A4%E2%82%AC"],
  ];
  for (const [path, want] of good) {
    test(`${JSON.stringify(path)} is asked for as ${want}`, () => {
      const { check, faults } = only({ path });
      assert.equal(check?.policy.path, want);
      assert.deepEqual(faults, []);
    });
  }

  const bad = ["/\r\nGET /evil HTTP/1.1", "/\u0000", `/${"a".repeat(10_240)}`, "/\uD800", 7, {}];
  for (const path of bad) {
    test(`${JSON.stringify(path).slice(0, 30)} leaves a probe of the connection`, () => {
      const { check, faults } = only({ path });
      assert.deepEqual(check?.policy, { kind: "tcp" });
      assert.equal(faults.length, 1);
      assert.match(faults[0] ?? "", /^health check 0: path .* only the connection is probed$/);
    });
  }

  test("means nothing to a tcp check", () => {
    assert.deepEqual(only({ protocol: "TCP", path: "\r\n" }).check?.policy, { kind: "tcp" });
  });
});

suite("the times of a health check", () => {
  test("are taken in ms", () => {
    const given = { intervalSeconds: 60, timeoutSeconds: 1.5, maxConsecutiveFailures: 5 };
    const { check, faults } = only({ protocol: "TCP", ...given });
    assert.deepEqual(check?.policy, { kind: "tcp", intervalMs: 60_000, timeoutMs: 1500, fall: 5 });
    assert.deepEqual(faults, []);
  });

  const rows: readonly (readonly [name: string, value: unknown, want: unknown, done: string])[] = [
    ["intervalSeconds", 0, 100, "0 is taken as 100ms"],
    ["intervalSeconds", -5, 100, "-5 is taken as 100ms"],
    ["intervalSeconds", 1e9, 86_400_000, "1000000000 is taken as 24h"],
    ["intervalSeconds", "10", undefined, '"10" is no number: ignored'],
    ["intervalSeconds", Number.NaN, undefined, "NaN is no number: ignored"],
    ["timeoutSeconds", 0, 10, "0 is taken as 10ms"],
    ["timeoutSeconds", 1e9, 600_000, "1000000000 is taken as 10m"],
    ["timeoutSeconds", {}, undefined, "of type object is no number: ignored"],
    ["maxConsecutiveFailures", -1, 1, "-1 is taken as 1"],
    ["maxConsecutiveFailures", 1e9, 100, "1000000000 is taken as 100"],
  ];
  const settingOf = new Map([
    ["intervalSeconds", "intervalMs"],
    ["timeoutSeconds", "timeoutMs"],
    ["maxConsecutiveFailures", "fall"],
  ]);
  for (const [name, value, want, done] of rows) {
    test(`${name} ${String(value)}`, () => {
      const { check, faults } = only({ protocol: "TCP", [name]: value });
      assert.equal(
        new Map(Object.entries(check?.policy ?? {})).get(settingOf.get(name) ?? ""),
        want,
      );
      assert.deepEqual(faults, [`health check 0: ${name} ${done}`]);
    });
  }

  test("that are not stated, and failures without a limit, say nothing", () => {
    const given = { intervalSeconds: null, maxConsecutiveFailures: 0 };
    assert.deepEqual(only({ protocol: "TCP", ...given }), {
      check: {
        position: 0,
        portIndex: 0,
        port: undefined,
        isInside: false,
        policy: { kind: "tcp" },
      },
      faults: [],
    });
  });
});

suite("health checks", () => {
  test("are counted whatever they are, and keep their positions", () => {
    const { healthChecks, checks } = parseChecks([null, { protocol: "COMMAND" }, { portIndex: 1 }]);
    assert.equal(healthChecks, 3);
    assert.deepEqual(
      checks.map(({ position, portIndex }) => [position, portIndex]),
      [
        [0, 0],
        [2, 1],
      ],
    );
  });

  for (const [name, value] of [
    ["port", 70_000],
    ["port", "80"],
    ["portIndex", -1],
    ["portIndex", 1.5],
  ] as const) {
    test(`with ${name} ${JSON.stringify(value)} are no probe`, () => {
      const { check, faults } = only({ [name]: value });
      assert.equal(check, undefined);
      assert.deepEqual(faults, [
        `health check 0: ${name} ${JSON.stringify(value)} is none: no probe`,
      ]);
    });
  }

  test("of any shape never throw, stay within bounds, and have bounded faults", () => {
    const entry = fc.record(
      {
        protocol: fc.oneof(fc.constantFrom("HTTP", "TCP", "MESOS_HTTP"), fc.jsonValue()),
        path: fc.oneof(fc.string({ unit: "binary" }), fc.jsonValue()),
        port: fc.oneof(fc.integer(), fc.jsonValue()),
        portIndex: fc.oneof(fc.nat(3), fc.jsonValue()),
        intervalSeconds: fc.oneof(fc.double(), fc.jsonValue()),
        timeoutSeconds: fc.oneof(fc.double(), fc.jsonValue()),
        maxConsecutiveFailures: fc.oneof(fc.double(), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.array(entry), fc.jsonValue()), (value) => {
        const { checks, checkFaults } = parseChecks(value);
        for (const { policy } of checks) {
          const { path = "/", intervalMs = 100, timeoutMs = 10, fall = 1 } = policy;
          assert.match(path, /^\/[!-~]*$/);
          assert.ok(intervalMs >= 100 && intervalMs <= 86_400_000);
          assert.ok(timeoutMs >= 10 && timeoutMs <= 600_000);
          assert.ok(Number.isInteger(fall) && fall >= 1 && fall <= 100);
        }
        for (const fault of checkFaults) {
          assert.ok(fault.length <= 320);
          assert.doesNotMatch(fault, /\p{Cc}/u);
        }
      }),
    );
  });
});
