import assert from "node:assert/strict";
import { test } from "node:test";
import { instanceFile } from "../../../src/publish/instance-file.ts";
import { route, routed } from "./tables.ts";

test("header lines end in CRLF, replicas in LF, by the names they are dialled by", () => {
  const replicas = [
    routed("10.0.0.2:31002", { dialName: "agent-2" }),
    routed("10.0.0.1:31001", { dialName: "agent-1" }),
  ];
  const web = route("/developer/trapni/php", 8080, replicas, { mode: "http" });
  assert.equal(
    instanceFile({ route: web, stem: "developer.trapni.php-0-8080" }, "http"),
    "Service-Name: developer.trapni.php-0-8080\r\n" +
      "Service-Port: 8080\r\n" +
      "Service-Transport-Proto: tcp\r\n" +
      "Service-Application-Proto: http\r\n" +
      "Health-Check-Proto: http\r\n" +
      "\r\n" +
      "agent-1:31001\n" +
      "agent-2:31002\n",
  );
});

test("without a check there is no line for it", () => {
  const text = instanceFile(
    { route: route("/a", 53, [], { protocol: "udp" }), stem: "a" },
    undefined,
  );
  assert.deepEqual(text.split("\r\n").slice(2), [
    "Service-Transport-Proto: udp",
    "Service-Application-Proto: udp",
    "",
    "",
  ]);
});

test("only replicas that get new connections are listed", () => {
  const replicas = [
    routed("10.0.0.1:1", { state: "down" }),
    routed("10.0.0.1:2", { state: "unknown" }),
    routed("10.0.0.1:3", { state: "draining" }),
    routed("10.0.0.1:4", { state: "ejected" }),
    routed("10.0.0.1:5", { weight: 0 }),
    routed("10.0.0.1:6"),
  ];
  assert.match(
    instanceFile({ route: route("/a", 80, replicas), stem: "a" }, undefined),
    /\r\n\r\n10\.0\.0\.1:6\n$/,
  );
});

test("a host that could forge lines is replaced by its address", () => {
  const hosts = ["evil\n10.6.6.6:1", "a b", "$(id)", "x\r\nService-Port: 1", "", "é"];
  const replicas = hosts.map((host, index) => routed(`10.0.0.1:${index + 1}`, { dialName: host }));
  const text = instanceFile({ route: route("/a", 80, replicas), stem: "a" }, undefined);
  assert.deepEqual(
    text.split("\r\n\r\n")[1]?.trimEnd().split("\n"),
    hosts.map((_, index) => `10.0.0.1:${index + 1}`),
  );
});

test("a replica with an address of its own is listed by that, not by its machine's name", () => {
  const replicas = [routed("10.32.0.5:8080", { host: "agent-7.example" })];
  const text = instanceFile({ route: route("/a", 80, replicas), stem: "a" }, undefined);
  assert.match(text, /\n10\.32\.0\.5:8080\n$/);
});

test("an IPv6 address is written so that its port can be told from it", () => {
  const text = instanceFile(
    { route: route("/a", 80, [routed("[fd00::7]:80")]), stem: "a" },
    undefined,
  );
  assert.match(text, /\n\[fd00::7\]:80\n$/);
});

for (const { over, want } of [
  { over: { mode: "http", checkKind: "tcp" }, want: "http" },
  { over: { checkKind: "http" }, want: "http" },
  { over: { checkKind: "https" }, want: "https" },
  { over: { checkKind: "redis-master" }, want: "redis-master" },
  { over: { checkKind: "tcp" }, want: "tcp" },
  { over: { checkKind: "send-expect" }, want: "tcp" },
  { over: {}, want: "tcp" },
  { over: { protocol: "udp", checkKind: "http" }, want: "udp" },
] as const) {
  test(`a service with ${JSON.stringify(over)} speaks ${want}`, () => {
    const text = instanceFile({ route: route("/a", 80, [], over), stem: "a" }, undefined);
    assert.match(text, new RegExp(`\r\nService-Application-Proto: ${want}\r\n`));
  });
}
