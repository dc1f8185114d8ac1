import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parseHostName } from "../../../src/engine/http/host-name.ts";
import { overdue } from "../../../src/engine/http/overdue.ts";
import { factsOf, upgradeOf } from "../../../src/engine/http/request-facts.ts";
import { parseResponseHead } from "../../../src/engine/http/response-head.ts";

suite("host names (W03)", () => {
  const good = [
    ["www.example.COM", "www.example.com", undefined],
    ["example.com:", "example.com", undefined],
    ["example.com:8080", "example.com", 8080],
    ["example.com.", "example.com", undefined],
    ["example.com.:80", "example.com", 80],
    ["123.40.56.78:9000", "123.40.56.78", 9000],
    ["[ABCD::EF98:0:7654:321]", "[abcd::ef98:0:7654:321]", undefined],
    ["[abcd::ef98:0:7654:321]:80", "[abcd::ef98:0:7654:321]", 80],
    ["a_b.xn--mnchen-3ya.de", "a_b.xn--mnchen-3ya.de", undefined],
    ["localhost", "localhost", undefined],
  ] as const;
  for (const [text, name, port] of good) {
    test(`${text} is ${name}`, () => assert.deepEqual(parseHostName(text), { name, port }));
  }
  const bad = [
    "",
    ".",
    "..",
    "a..b",
    "a.b..",
    "a:80d",
    "a:0",
    "a:65536",
    "a:123456",
    "a b",
    "a/b",
    "a@b",
    "a,b",
  ];
  const worse = [
    "[::1",
    "[::g]",
    "[1.2.3.4]",
    "[::1].",
    "::1",
    "a%20b",
    "\u00FC.de",
    "a#b",
    "a?b",
    "a\\b",
    "*",
    "a\0",
  ];
  for (const text of [...bad, ...worse]) {
    test(`${JSON.stringify(text)} is no host`, () => assert.equal(parseHostName(text), undefined));
  }
});

suite("changes of protocol (W12)", () => {
  const rows = [
    { upgrade: "websocket", connection: "Upgrade", want: "websocket" },
    { upgrade: "WebSocket", connection: "keep-alive, upgrade", want: "WebSocket" },
    { upgrade: "foo/2", connection: "upgrade", want: "foo/2" },
    { upgrade: "h2c", connection: "Upgrade", want: undefined },
    { upgrade: "h2", connection: "Upgrade", want: undefined },
    { upgrade: "HTTP/2.0", connection: "Upgrade", want: undefined },
    { upgrade: "TLS/1.0", connection: "Upgrade", want: undefined },
    { upgrade: "websocket, h2c", connection: "Upgrade", want: undefined },
    { upgrade: "web socket", connection: "Upgrade", want: undefined },
    { upgrade: "", connection: "Upgrade", want: undefined },
    { upgrade: "websocket", connection: "close", want: undefined },
  ];
  for (const { upgrade, connection, want } of rows) {
    test(`"${upgrade}" with Connection: ${connection} is ${want ?? "served as HTTP/1.1"}`, () => {
      const rawHeaders = ["Upgrade", upgrade, "Connection", connection];
      const request = {
        method: "GET",
        url: "/",
        httpVersionMajor: 1,
        httpVersionMinor: 1,
        rawHeaders,
      };
      assert.equal(upgradeOf(factsOf(request)), want);
      assert.equal(upgradeOf(factsOf({ ...request, httpVersionMinor: 0 })), undefined);
    });
  }
});

suite("the head of an answer", () => {
  const read = (text: string): unknown => {
    const head = parseResponseHead(text);
    return typeof head === "string" ? head : { ...head };
  };

  test("what ends here is taken out, the rest keeps its order, its case and its duplicates (W13, W15)", () => {
    const text =
      "HTTP/1.1 200 Fine\r\nX-A: 1\r\nConnection: X-Gone, keep-alive\r\nKeep-Alive: timeout=7, max=3\r\nx-gone: 1\r\nX-a:\t2 \r\nContent-Length: 3";
    assert.deepEqual(read(text), {
      status: 200,
      reason: "Fine",
      fields: ["X-A", "1", "X-a", "2", "Content-Length", "3"],
      length: 3,
      namesTrailers: false,
      isChunked: false,
      keepsAlive: true,
      idleMs: 7000,
      offersLogin: false,
      upgrade: "",
    });
  });

  const persistence = [
    { line: "HTTP/1.1 200", fields: "", keeps: true },
    { line: "HTTP/1.1 200 ", fields: "Connection: close", keeps: false },
    { line: "HTTP/1.0 200 OK", fields: "", keeps: false },
    { line: "HTTP/1.0 200 OK", fields: "Connection: Keep-Alive", keeps: true },
  ];
  for (const { line, fields, keeps } of persistence) {
    test(`${line} with "${fields}" ${keeps ? "keeps" : "ends"} the connection`, () => {
      const head = parseResponseHead([line, ...(fields === "" ? [] : [fields])].join("\r\n"));
      assert.ok(typeof head !== "string");
      assert.equal(head.keepsAlive, keeps);
    });
  }
});

suite("whose time is up", () => {
  const patience = { clientTimeoutMs: 100, serverTimeoutMs: 300, writeStallMs: 200 };
  const rows = [
    { still: { stillMs: 99, isClientsTurn: true, isClientFull: false }, want: undefined },
    { still: { stillMs: 100, isClientsTurn: true, isClientFull: false }, want: 408 },
    { still: { stillMs: 299, isClientsTurn: false, isClientFull: false }, want: undefined },
    { still: { stillMs: 300, isClientsTurn: false, isClientFull: false }, want: 504 },
    { still: { stillMs: 199, isClientsTurn: true, isClientFull: true }, want: undefined },
    { still: { stillMs: 200, isClientsTurn: false, isClientFull: true }, want: "write-stall" },
  ];
  for (const { still, want } of rows) {
    test(`${JSON.stringify(still)}: ${want ?? "nobody's"}`, () => {
      const verdict = overdue(still, patience);
      const said = verdict?.kind === "refuse" ? verdict.refusal.status : verdict?.outcome;
      assert.equal(said, want);
    });
  }
});
