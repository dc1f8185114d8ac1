import assert from "node:assert/strict";
import { suite, test } from "node:test";
import * as fc from "fast-check";
import { choice, onOff } from "../../../src/config/choices.ts";
import { duration, ports, wholeNumber, wholeNumberOrAuto } from "../../../src/config/numbers.ts";
import { presentable, withoutSecrets } from "../../../src/config/reader.ts";
import type { Reader } from "../../../src/config/reader.ts";
import {
  addresses,
  endpoint,
  filePath,
  hosts,
  networks,
  socketPath,
  urls,
} from "../../../src/config/texts.ts";

// Every control character, and the two line separators.
const unprintable = /[\p{Cc}\u2028\u2029]/u;
const longestTimerMs = 2 ** 31 - 1;

interface Case {
  readonly reader: Reader<unknown>;
  readonly accepted: readonly (readonly [raw: unknown, want: unknown])[];
  readonly refused: readonly unknown[];
}

const cases: Readonly<Record<string, Case>> = {
  duration: {
    reader: duration({ least: 1, most: longestTimerMs }),
    accepted: [
      ["30", 30_000],
      [30, 30_000],
      ["30s", 30_000],
      ["500ms", 500],
      ["2m", 120_000],
      ["1h", 3_600_000],
      ["1.5s", 1500],
      ["0.5", 500],
      [" 3 S ", 3000],
      ["2147483647ms", longestTimerMs],
    ],
    refused: [
      "",
      "0",
      "0ms",
      "0.0001ms",
      "-1",
      "1d",
      "s",
      "1e3",
      "NaN",
      "Infinity",
      "2147483648ms",
      "30 30",
      "0x10",
    ],
  },
  "duration within bounds": {
    reader: duration({ least: 1000, most: 60_000 }),
    accepted: [
      ["1s", 1000],
      ["1m", 60_000],
    ],
    refused: ["999ms", "61", "1h"],
  },
  "duration that asks for more than a timer holds": {
    reader: duration({ least: 1, most: Number.MAX_SAFE_INTEGER }),
    accepted: [["2147483647ms", longestTimerMs]],
    refused: ["0", "2147483648ms"],
  },
  "duration that may be off": {
    reader: duration({ least: 0, most: 60_000 }),
    accepted: [
      ["0", 0],
      [0, 0],
      ["0s", 0],
      ["0.0h", 0],
      ["1ms", 1],
    ],
    refused: ["", "off", "-0", "0.0001ms", "61s"],
  },
  "whole number": {
    reader: wholeNumber({ least: 1, most: 64 }),
    accepted: [
      ["1", 1],
      ["64", 64],
      [8, 8],
      [" 7 ", 7],
    ],
    refused: [
      "0",
      "65",
      "-1",
      "1.5",
      "1e1",
      "abc",
      "",
      "1_0",
      Number.NaN,
      1.5,
      true,
      [],
      ["1"],
      {},
      new Map(),
      "9".repeat(400),
    ],
  },
  "whole number or auto": {
    reader: wholeNumberOrAuto({ least: 1, most: 64 }),
    accepted: [
      ["auto", "auto"],
      ["AUTO", "auto"],
      ["2", 2],
    ],
    refused: ["automatic", "0", "65", ""],
  },
  choice: {
    reader: choice(["leastconn", "roundrobin"]),
    accepted: [
      ["leastconn", "leastconn"],
      [" RoundRobin ", "roundrobin"],
    ],
    refused: ["random", "", "least", true, 1, ["leastconn"]],
  },
  switch: {
    reader: onOff,
    accepted: [
      ["true", true],
      ["TRUE", true],
      ["1", true],
      [1, true],
      [true, true],
      ["False", false],
      ["0", false],
      [0, false],
      [false, false],
    ],
    refused: ["yes", "no", "on", "off", "2", "", 2, ["true"], new Map()],
  },
  ports: {
    reader: ports,
    accepted: [
      ["1-65535", { first: 1, last: 65_535 }],
      ["10000 - 20000", { first: 10_000, last: 20_000 }],
      ["8080", { first: 8080, last: 8080 }],
      [8080, { first: 8080, last: 8080 }],
    ],
    refused: ["", "0-10", "10-0", "20-10", "1-65536", "a-b", "1-2-3", "-5", "1,2", "1-"],
  },
  addresses: {
    reader: addresses,
    accepted: [
      ["127.0.0.1", ["127.0.0.1"]],
      ["127.0.0.1, ::1", ["127.0.0.1", "::1"]],
      ["[::1]", ["::1"]],
      [
        ["10.0.0.1", "::1,10.0.0.1"],
        ["10.0.0.1", "::1"],
      ],
      ["10.0.0.1,,", ["10.0.0.1"]],
    ],
    refused: [
      "",
      ",",
      "localhost",
      "10.0.0.1:80",
      "10.0.0.256",
      "10.0.0.1,host",
      3,
      [3],
      [["10.0.0.1"]],
    ],
  },
  networks: {
    reader: networks,
    accepted: [
      ["10.0.0.0/8, 2001:db8::/32", ["10.0.0.0/8", "2001:db8::/32"]],
      [
        ["10.1.2.3", "10.1.2.3,::1"],
        ["10.1.2.3", "::1"],
      ],
      ["", []],
    ],
    refused: ["10.0.0.0/33", "10.0.0.0/8;::1", "localhost", "[::1]", 10, [10]],
  },
  hosts: {
    reader: hosts,
    accepted: [
      ["agent-7.example.com, 10.0.0.7,fe80::7", ["agent-7.example.com", "10.0.0.7", "fe80::7"]],
      [
        ["a", "b,a"],
        ["a", "b"],
      ],
      ["", []],
    ],
    refused: ["a b", "[::1]", "agent:80", "http://agent", "x".repeat(254), 7, [7]],
  },
  endpoint: {
    reader: endpoint,
    accepted: [
      ["0.0.0.0:9090", { host: "0.0.0.0", port: 9090 }],
      ["[::1]:9090", { host: "::1", port: 9090 }],
      ["localhost:0", { host: "localhost", port: 0 }],
      [":9090", { host: "0.0.0.0", port: 9090 }],
      ["", undefined],
      ["  ", undefined],
    ],
    refused: [
      "9090",
      "host:9090",
      "::1:9090",
      "[::1]",
      "127.0.0.1:65536",
      "127.0.0.1:",
      "[127.0.0.1]:1",
      9090,
      "[]:1",
    ],
  },
  path: {
    reader: filePath,
    accepted: [
      ["/etc/portolan.yaml", "/etc/portolan.yaml"],
      [" a b ", "a b"],
    ],
    refused: ["", "  ", "a\0b", "x".repeat(5000), true],
  },
  socketPath: {
    reader: socketPath,
    accepted: [["/run/portolan/takeover.sock", "/run/portolan/takeover.sock"]],
    refused: ["", "a\0b", `/${"é".repeat(45)}`, true],
  },
  urls: {
    reader: { ...urls, parse: (raw) => asText(urls.parse(raw)) },
    accepted: [
      ["http://m1:8080,http://m2:8080", ["http://m1:8080/", "http://m2:8080/"]],
      [
        ["http://m1", "https://m2/prefix/, "],
        ["http://m1/", "https://m2/prefix/"],
      ],
      ["http://m1,http://m1:80/", ["http://m1/"]],
      ["http://[::1]:8080", ["http://[::1]:8080/"]],
      ["http://user:secret@m1", ["http://user:secret@m1/"]],
      ["", []],
    ],
    refused: [
      "m1:8080",
      "ftp://m1",
      "http:m1",
      "http://",
      "http:///x",
      "http://m1:99999",
      "http://m1?x=1",
      "http://m1#x",
      3,
      [3],
    ],
  },
};

function asText(parsed: ReturnType<typeof urls.parse>): ReturnType<Reader<unknown>["parse"]> {
  return parsed.kind === "value" ? { kind: "value", value: parsed.value.map(String) } : parsed;
}

for (const [name, { reader, accepted, refused }] of Object.entries(cases)) {
  suite(name, () => {
    for (const [raw, want] of accepted) {
      test(`reads ${JSON.stringify(raw)}`, () => {
        assert.deepEqual(reader.parse(raw), { kind: "value", value: want });
      });
    }
    for (const raw of refused) {
      test(`refuses ${JSON.stringify(raw)?.slice(0, 40)}`, () => {
        const parsed = reader.parse(raw);
        assert.equal(parsed.kind, "refused");
        assert.ok(parsed.kind === "refused" && parsed.shown.length > 0);
      });
    }
    test("never throws and shows a bounded, printable text of what it refuses", () => {
      fc.assert(
        fc.property(
          fc.oneof(fc.anything(), fc.string({ unit: "binary", maxLength: 300 })),
          (raw) => {
            const parsed = reader.parse(raw);
            for (const shown of parsed.kind === "refused" ? parsed.shown : []) {
              assert.ok(shown.length < 100);
              assert.doesNotMatch(shown, unprintable);
            }
          },
        ),
      );
    });
  });
}

test("every bad item of a list is shown, and no good one", () => {
  for (const reader of [addresses, networks])
    assert.deepEqual(reader.parse("127.0.0.1,x,y"), { kind: "refused", shown: ['"x"', '"y"'] });
});

const timer = duration({ least: 1, most: longestTimerMs });

test("a time that was formatted reads back as itself", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: longestTimerMs }), (ms) => {
      assert.deepEqual(timer.parse(timer.format(ms)), { kind: "value", value: ms });
    }),
  );
});

test("a time is shown in its largest even unit", () => {
  assert.deepEqual(
    [0, 500, 1500, 3000, 60_000, 7_200_000].map((ms) => timer.format(ms)),
    ["0", "500ms", "1500ms", "3s", "1m", "2h"],
  );
});

suite("secrets", () => {
  const texts = [
    ["http://user:hunter2@m1:x", "http://***@m1:x"],
    ["user:hunter2@m1", "***@m1"],
    ["http://a@b:hunter2@m1", "http://***@m1"],
    ["http://m1/?token=hunter2", "http://m1/?***"],
    ["http://m1", "http://m1"],
  ] as const;
  for (const [text, want] of texts) {
    test(`${text} is shown as ${want}`, () => assert.equal(withoutSecrets(text), want));
  }

  test("a password with a comma does not show in any of its parts", () => {
    const parsed = urls.parse("http://user:hun,ter2@m1:x,ftp://m2");
    assert.equal(parsed.kind, "refused");
    assert.doesNotMatch(JSON.stringify(parsed), /hun|ter2/);
  });

  test("formatted URLs carry no userinfo", () => {
    const parsed = urls.parse("http://user:hunter2@m1:8080/x");
    assert.equal(parsed.kind === "value" && urls.format(parsed.value), "http://m1:8080/x");
  });
});

test("a long value is cut, and what is not text is named by its kind", () => {
  assert.equal(presentable("x".repeat(1000)), `"${"x".repeat(60)}…"`);
  assert.deepEqual([[1, 2], new Map(), true].map(presentable), ["a list", "a map", "true"]);
});
