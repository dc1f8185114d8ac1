import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { gzipSync } from "node:zlib";

import type { BadAnswer } from "../../src/discovery/answer-error.ts";
import type { MarathonSourceOptions } from "../../src/discovery/marathon/marathon-source.ts";
import { marathonSource, RunningSource } from "../support/running-source.ts";
import {
  app,
  closedUrl,
  RawMarathon,
  ScriptedMarathon,
  until,
  type RawScript,
} from "../support/scripted-marathon.ts";

interface Hostile {
  readonly name: string;
  readonly script: RawScript;
  readonly reason: BadAnswer;
  readonly options?: Partial<MarathonSourceOptions>;
}

const good = JSON.stringify({ apps: [] });
const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

function bytes(text: string | Buffer): RawScript {
  return (socket) => socket.end(text);
}

function body(text: string | Buffer, headers: string = ""): RawScript {
  const length = Buffer.byteLength(text);
  return (socket) => {
    socket.write(`${head}${headers}Content-Length: ${length}\r\n\r\n`);
    socket.end(text);
  };
}

function status(line: string, text: string = "", headers: string = ""): RawScript {
  return bytes(`HTTP/1.1 ${line}\r\n${headers}Content-Length: ${text.length}\r\n\r\n${text}`);
}

function hang(text: string): RawScript {
  return (socket) => socket.write(text);
}

const drip: RawScript = (socket) => {
  socket.write(`${head}Content-Length: 100000\r\n\r\n`);
  const next = (): void => {
    if (socket.destroyed) return;
    socket.write(" ");
    setTimeout(next, 5);
  };
  next();
};

const hostile: readonly Hostile[] = [
  {
    name: "hangs before the head",
    script: () => {},
    reason: "timeout",
    options: { firstByteTimeoutMs: 50 },
  },
  {
    name: "hangs after the head",
    script: hang(`${head}Content-Length: 9\r\n\r\n`),
    reason: "timeout",
    options: { totalTimeoutMs: 50 },
  },
  {
    name: "sends its body by the byte",
    script: drip,
    reason: "timeout",
    options: { totalTimeoutMs: 60 },
  },
  { name: "closes before the head", script: (socket) => socket.end(), reason: "reset" },
  {
    name: "resets in the body",
    script: (socket) =>
      socket.write(`${head}Content-Length: 99\r\n\r\n{"apps"`, () =>
        setTimeout(() => socket.resetAndDestroy(), 5),
      ),
    reason: "reset",
  },
  {
    name: "ends before its length",
    script: bytes(`${head}Content-Length: 99\r\n\r\n${good}`),
    reason: "reset",
  },
  {
    name: "ends amid its chunks",
    script: bytes(`${head}Transfer-Encoding: chunked\r\n\r\nb\r\n${good}\r\n`),
    reason: "reset",
  },
  {
    name: "goes on after its length",
    script: bytes(`${head}Content-Length: 5\r\n\r\n${good}HTTP/1.1 200 OK\r\n\r\n`),
    reason: "not-json",
  },
  {
    name: "is delimited by its end alone",
    script: bytes(`${head}\r\n${good}`),
    reason: "unframed",
  },
  { name: "is 200 with length 0", script: body(""), reason: "empty" },
  { name: "is white space", script: body(" \r\n"), reason: "empty" },
  { name: "is null", script: body("null"), reason: "wrong-shape" },
  { name: "has no apps", script: body("{}"), reason: "wrong-shape" },
  { name: "has apps that are null", script: body('{"apps":null}'), reason: "wrong-shape" },
  { name: "has apps that are an object", script: body('{"apps":{}}'), reason: "wrong-shape" },
  {
    name: "is truncated JSON of full length",
    script: body('{"apps":[{"id":"/a"'),
    reason: "not-json",
  },
  {
    name: "is a page of HTML",
    script: body("<!DOCTYPE html><title>Login</title>"),
    reason: "not-json",
  },
  { name: "is UTF-16", script: body(Buffer.from(good, "utf16le")), reason: "not-json" },
  { name: "is 204", script: bytes("HTTP/1.1 204 No Content\r\n\r\n"), reason: "status" },
  { name: "is 304", script: bytes("HTTP/1.1 304 Not Modified\r\n\r\n"), reason: "status" },
  { name: "is 401", script: status("401 Unauthorized", good), reason: "auth" },
  { name: "is 403", script: status("403 Forbidden", good), reason: "auth" },
  { name: "is 407", script: status("407 Proxy Authentication Required", good), reason: "status" },
  { name: "is 429", script: status("429 Too Many Requests", good), reason: "status" },
  { name: "is 500 with good JSON", script: status("500 Oops", good), reason: "status" },
  { name: "is 502 with good JSON", script: status("502 Bad Gateway", good), reason: "status" },
  { name: "is 503 with good JSON", script: status("503 Unavailable", good), reason: "status" },
  {
    name: "is a redirect to itself",
    script: status("302 Found", "", "Location: /v2/apps\r\n"),
    reason: "redirect",
  },
  { name: "is a redirect to nowhere", script: status("302 Found"), reason: "redirect" },
  {
    name: "is a redirect elsewhere",
    script: status("302 Found", "", "Location: http://192.0.2.1/v2/apps\r\n"),
    reason: "redirect",
  },
  {
    name: "is gzip",
    script: body(gzipSync(good), "Content-Encoding: gzip\r\n"),
    reason: "encoding",
  },
  {
    name: "claims two codings",
    script: body(good, "Content-Encoding: gzip, gzip\r\n"),
    reason: "encoding",
  },
  {
    name: "repeats its coding",
    script: body(good, "Content-Encoding: gzip\r\nContent-Encoding: br\r\n"),
    reason: "encoding",
  },
  {
    name: "is chunked gzip",
    script: bytes(`${head}Transfer-Encoding: gzip, chunked\r\n\r\nb\r\n${good}\r\n0\r\n\r\n`),
    reason: "unframed",
  },
  {
    name: "has a chunk of 2^63 bytes",
    script: bytes(`${head}Transfer-Encoding: chunked\r\n\r\n8000000000000000\r\n${good}`),
    reason: "reset",
  },
  {
    name: "contradicts its length",
    script: bytes(`${head}Content-Length: 11\r\nContent-Length: 12\r\n\r\n${good}`),
    reason: "protocol",
  },
  {
    name: "has length and chunks",
    script: bytes(`${head}Content-Length: 11\r\nTransfer-Encoding: chunked\r\n\r\n${good}`),
    reason: "protocol",
  },
  {
    name: "has a header of 1 MiB",
    script: bytes(`${head}X-Long: ${"x".repeat(1 << 20)}\r\n\r\n`),
    reason: "protocol",
  },
  { name: "is no HTTP", script: bytes("SSH-2.0-OpenSSH\r\n"), reason: "protocol" },
  {
    name: "is longer than allowed by its length",
    script: body(`{"apps":[]}${" ".repeat(2000)}`),
    reason: "too-large",
    options: { bodyLimitBytes: 1000 },
  },
  {
    name: "is longer than allowed by its chunks",
    script: bytes(
      `${head}Transfer-Encoding: chunked\r\n\r\n${`400\r\n${" ".repeat(1024)}\r\n`.repeat(3)}0\r\n\r\n`,
    ),
    reason: "too-large",
    options: { bodyLimitBytes: 2000 },
  },
];

suite("an answer that must not be believed (M04, M05, M12, M13, M14, M15, M16, M17, M18)", () => {
  for (const { name, script, reason, options } of hostile) {
    test(`${name}: nothing is yielded, the reason is counted, the next member answers`, async () => {
      await using bad = await RawMarathon.start(script);
      const alone = marathonSource([bad.url], options);
      {
        await using running = new RunningSource(alone);
        await until(() => alone.status().failures > 0);
        assert.equal(running.states.length, 0);
        assert.deepEqual([...alone.badAnswers.keys()], [reason], String(alone.status().lastError));
      }
      await using fallback = await ScriptedMarathon.start([app("/a", 80, [31000])]);
      await using running = new RunningSource(marathonSource([bad.url, fallback.url], options));
      await running.have(1);
      assert.deepEqual(running.routes, ["/a:80 127.0.0.1:31000 up"]);
    });
  }

  test("no answer at all: refused", async () => {
    const source = marathonSource([await closedUrl()]);
    await using running = new RunningSource(source);
    await until(() => source.status().failures > 0);
    assert.equal(running.states.length, 0);
    assert.deepEqual([...source.badAnswers.keys()], ["connect"]);
  });
});

suite("an odd answer that is harmless (M16)", () => {
  const one = JSON.stringify(app("/a", 80, [31000]));
  const rows: readonly { readonly name: string; readonly text: string | Buffer }[] = [
    { name: "a byte order mark", text: `\uFEFF{"apps":[${one}]}` },
    {
      name: "invalid UTF-8 in a label",
      text: Buffer.concat([
        Buffer.from(`{"x":"`),
        Buffer.from([0xff, 0xc0]),
        Buffer.from(`","apps":[${one}]}`),
      ]),
    },
    { name: "a lone surrogate", text: `{"x":"\\ud800","apps":[${one}]}` },
    {
      name: "deep nesting",
      text: `{"x":${"[".repeat(100_000)}${"]".repeat(100_000)},"apps":[${one}]}`,
    },
    {
      name: "prototype keys",
      text: `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"apps":[${one},{"id":"/b","labels":{"__proto__":"x"}}]}`,
    },
    { name: "keys twice", text: `{"apps":null,"apps":[${one}]}` },
    { name: "huge numbers", text: `{"apps":[${one},{"id":"/b","ports":[1e999]}]}` },
  ];
  for (const { name, text } of rows) {
    test(name, async () => {
      await using marathon = await RawMarathon.start(body(text));
      await using running = new RunningSource(marathonSource([marathon.url]));
      await running.have(1);
      assert.deepEqual(running.routes, ["/a:80 127.0.0.1:31000 up"]);
      assert.equal(Reflect.get({}, "polluted"), undefined);
    });
  }

  test("many numeric keys do not stop the clock (X15)", async () => {
    const keys = Array.from({ length: 200_000 }, (_, index) => `"${index * 2}":0`).join(",");
    await using marathon = await RawMarathon.start(body(`{"x":{${keys}},"apps":[${one}]}`));
    await using running = new RunningSource(marathonSource([marathon.url]));
    await running.have(1);
    assert.deepEqual(running.routes, ["/a:80 127.0.0.1:31000 up"]);
  });
});
