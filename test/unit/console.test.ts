import assert from "node:assert/strict";
import { test } from "node:test";
import { ageText } from "../../src/console/age.ts";
import { explainText } from "../../src/console/explain-text.ts";
import { statusText } from "../../src/console/status-text.ts";

const now = Date.parse("2026-11-20T10:00:00.000Z");

test("ages are told in their largest sensible unit", () => {
  const rows: readonly (readonly [number, string])[] = [
    [0, "0 ms"],
    [350.4, "350 ms"],
    [12_900, "12 s"],
    [180_000, "3 min"],
    [7_200_000, "2 h"],
    [200_000_000, "2 d"],
    [-5, "0 ms"],
    [Number.NaN, "?"],
  ];
  for (const [ms, text] of rows) assert.equal(ageText(ms), text);
});

const explained = {
  app: "/demo/web",
  services: [
    {
      key: "tcp/1234",
      source: "marathon",
      served: true,
      locality: "prefer",
      hosts: { http: ["a.test", "*.b.test"], httpDefault: false, tls: [], tlsDefault: true },
      check: {
        health: "both",
        kind: "http",
        path: "/ping",
        status: "200-399",
        interval: "2s",
        timeout: "1s",
        rise: 2,
        fall: 3,
        decidedBy: { kind: "label proto", intervalMs: "Marathon", fall: "Marathon" },
      },
      replicas: [
        {
          address: "10.0.0.7:31001",
          host: "agent-7",
          task: "t.1",
          weight: 500,
          inRotation: true,
          onThisHost: true,
          state: "up",
          reason: "its check passes",
          since: "2026-11-20T09:57:00.000Z",
          nextProbeInMs: 1100,
          signals: [
            { from: "marathon", says: "up", reason: "its check passes", ageMs: 180_000 },
            { from: "probe", says: "up", reason: "L7OK/200 in 2 ms", ageMs: 800 },
            { from: "connections", says: "ok", reason: "no failures in a row", ageMs: null },
          ],
        },
      ],
    },
    {
      key: "udp/53",
      source: "marathon",
      served: false,
      check: { health: "marathon" },
      replicas: [],
    },
  ],
  problems: [
    { kind: "port-conflict", reason: "udp/53 is taken", since: "2026-11-20T09:59:00.000Z" },
  ],
};

test("an explanation is told line by line, with every signal and its age", () => {
  assert.deepEqual(explainText(explained, now).split("\n"), [
    "/demo/web",
    "",
    "tcp/1234 from marathon · locality prefer",
    "  health: both, probe http /ping, status 200-399 every 2s, timeout 1s, rise 2, fall 3 (kind by label proto; interval, fall by Marathon)",
    "  hosts by http: a.test, *.b.test",
    "  hosts by tls: what nobody claims",
    "  IN  10.0.0.7:31001 on agent-7 (this host), task t.1",
    "      up for 3 min: its check passes",
    "      marathon     up: its check passes, 3 min ago",
    "      probe        up: L7OK/200 in 2 ms, 800 ms ago; next in 1 s",
    "      connections  ok: no failures in a row",
    "",
    "udp/53 from marathon · not served, see the problems below",
    "  health: the source's word alone (as the flags say)",
    "  no replicas",
    "",
    "problems",
    "  port-conflict for 1 min: udp/53 is taken",
  ]);
});

test("an overview names sources, services with what is out, and problems", () => {
  const text = statusText(
    {
      phase: "OK",
      table: {
        version: 7,
        services: [
          {
            protocol: "tcp",
            port: 1234,
            app: "/demo/web",
            replicas: [
              { address: "10.0.0.1:1", state: "up", connections: 3, reason: "running" },
              { address: "10.0.0.2:1", state: "down", connections: 1, reason: "a check fails" },
            ],
          },
        ],
      },
      sources: [
        {
          name: "marathon",
          endpoint: "http://m1:8080",
          connected: true,
          ageSeconds: 12,
          lastError: null,
        },
      ],
      problems: [
        {
          kind: "held-back",
          subject: "probes",
          reason: "most fail",
          since: "2026-11-20T09:59:48.000Z",
        },
      ],
    },
    now,
  );
  assert.deepEqual(text.split("\n"), [
    "OK, table 7",
    "",
    "source marathon at http://m1:8080: read 12 s ago, changes are pushed",
    "",
    "PORT      APP        UP   CONNECTIONS  OUT OF ROTATION",
    "tcp/1234  /demo/web  1/2  4            10.0.0.2:1 down: a check fails",
    "",
    "problems",
    "  held-back probes for 12 s: most fail",
  ]);
});

test("whatever is answered, nothing throws and nothing moves the cursor", () => {
  const odd: readonly unknown[] = [null, 5, "x", [], {}, { services: [null, { replicas: 4 }] }];
  for (const answer of odd) {
    explainText(answer, now);
    statusText({ phase: "", table: answer, sources: answer, problems: answer }, now);
  }
  const evil = {
    app: "/a\u001B[2J",
    services: [{ key: "\u009Bx", replicas: [{ reason: "\r\n" }] }],
  };
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(explainText(evil, now), /[\u001B\u009B\r]/);
});
