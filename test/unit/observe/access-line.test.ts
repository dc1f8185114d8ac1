import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccessRecord, AccessRequest } from "../../../src/model/access.ts";
import { outcomes } from "../../../src/model/outcome.ts";
import { formatAccess } from "../../../src/observe/access-line.ts";

const startedAt = new Date(2009, 1, 6, 12, 14, 14, 655).getTime();

const request: AccessRequest = {
  method: "GET",
  target: "/index.html?a=1",
  host: "a.test",
  version: "HTTP/1.1",
  status: 200,
};

const record: AccessRecord = {
  frontend: "gateway/http/80",
  service: "tcp/1234",
  replica: "10.0.0.7:31001",
  client: { host: "10.0.1.2", port: 33_317 },
  startedAt: 0,
  connectMs: 3,
  responseMs: 69,
  totalMs: 109,
  received: 120,
  sent: 2750,
  outcome: "completed",
  retries: 1,
  load: { process: 5, service: 4, replica: 2 },
  request,
};

const context = { startedAt, service: "webapp.demo:1234" };

/** HAProxy's own description of its format, as a parser has it [haproxy configuration.txt §8.2.3]. */
const httplog =
  /^(\S+):(\d+) \[(\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d\.\d{3})\] (\S+) (\S+)\/(\S+) (-?\d+)\/(-?\d+)\/(-?\d+)\/(-?\d+)\/(\d+) (-?\d+) (\d+) - - (\S{4}) (\d+)\/(\d+)\/(\d+)\/(\d+)\/(\d+) (\d+)\/(\d+) "([^"]*)"$/;
const tcplog =
  /^(\S+):(\d+) \[(\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d\.\d{3})\] (\S+) (\S+)\/(\S+) (-?\d+)\/(-?\d+)\/(\d+) (\d+) (\S\S) (\d+)\/(\d+)\/(\d+)\/(\d+)\/(\d+) (\d+)\/(\d+)$/;

test("a request in HAProxy's httplog", () => {
  assert.equal(
    formatAccess(record, context, "httplog"),
    '10.0.1.2:33317 [06/Feb/2009:12:14:14.655] gateway/http/80 webapp.demo:1234/10.0.0.7:31001 0/0/3/69/109 200 2750 - - ---- 5/4/4/2/1 0/0 "GET /index.html?a=1 HTTP/1.1"',
  );
});

test("a connection in HAProxy's tcplog, which a request may have too", () => {
  const want =
    "10.0.1.2:33317 [06/Feb/2009:12:14:14.655] gateway/http/80 webapp.demo:1234/10.0.0.7:31001 0/3/109 2750 -- 5/4/4/2/1 0/0";
  assert.equal(formatAccess(record, context, "tcplog"), want);
  assert.equal(formatAccess({ ...record, request: undefined }, context, "httplog"), want);
});

test("JSON has one field for each thing that is known", () => {
  const line: unknown = JSON.parse(formatAccess(record, context, "json"));
  assert.deepEqual(line, {
    time: new Date(startedAt).toISOString(),
    type: "request",
    client: "10.0.1.2",
    clientPort: 33_317,
    frontend: "gateway/http/80",
    service: "webapp.demo:1234",
    replica: "10.0.0.7:31001",
    method: "GET",
    host: "a.test",
    target: "/index.html?a=1",
    version: "HTTP/1.1",
    status: 200,
    outcome: "completed",
    connectMs: 3,
    responseMs: 69,
    totalMs: 109,
    receivedBytes: 120,
    sentBytes: 2750,
    retries: 1,
  });
});

test("what a client writes cannot end the line, leave the quotes or forge a part", () => {
  const target = '/"\n[06/Feb/2009] x\u001b[31m\u00ff#';
  const line = formatAccess({ ...record, request: { ...request, target } }, context, "httplog");
  assert.match(line, httplog);
  assert.ok(line.endsWith('"GET /#22#0A[06/Feb/2009] x#1B[31m#FF#23 HTTP/1.1"'));
  assert.ok(
    !formatAccess({ ...record, request: { ...request, target } }, context, "json").includes("\n"),
  );
});

test("in JSON control characters of eight bits and what turns a line are escaped, and a line is at most 8 KiB (A10)", () => {
  const nasty = '/\u007f\u0085\u009b2J\u2028\u202e"';
  const line = formatAccess(
    { ...record, request: { ...request, target: nasty, host: nasty } },
    context,
    "json",
  );
  assert.doesNotMatch(line, /[\p{Cc}\u2028\u202e]/u);
  const read: unknown = JSON.parse(line);
  assert.partialDeepStrictEqual(read, { target: nasty, host: nasty, outcome: "completed" });
  const longest = "\u0085".repeat(1024);
  const long = { ...record, request: { ...request, target: longest, host: longest } };
  const bounded = formatAccess(long, context, "json");
  assert.ok(Buffer.byteLength(bounded) < 8192);
  assert.match(bounded, /"truncated":\d+\}$/);
});

test("in JSON a request that was cut tells how long it was (A10)", () => {
  const cut = { ...record, request: { ...request, truncated: 7000 } };
  assert.match(formatAccess(cut, context, "json"), /"retries":1,"truncated":7000\}$/);
});

for (const outcome of outcomes) {
  test(`every state of ${outcome} has a line that parsers can read`, () => {
    const refused = { ...record, outcome, service: undefined, replica: undefined, connectMs: -1 };
    for (const one of [
      { ...record, outcome },
      { ...refused, responseMs: -1, request: { ...request, status: 0 } },
      { ...refused, responseMs: -1, request: { ...request, method: "<BADREQ>", target: "" } },
    ]) {
      assert.match(formatAccess(one, context, "httplog"), httplog);
      assert.match(formatAccess(one, context, "tcplog"), tcplog);
    }
  });
}
