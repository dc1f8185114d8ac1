import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import * as fc from "fast-check";
import type { LogFields } from "../../../src/model/logger.ts";
import type { LogLevel } from "../../../src/model/logger.ts";
import type { LoggerOptions } from "../../../src/observe/logger.ts";
import { createLogger } from "../../../src/observe/logger.ts";
import { Sink } from "./logger-sink.ts";

async function linesOf(
  write: (logger: ReturnType<typeof createLogger>) => void,
  options: Partial<LoggerOptions> = {},
): Promise<readonly string[]> {
  const destination = new Sink();
  const logger = createLogger({ level: "debug", format: "json", destination, ...options });
  write(logger);
  await logger.close();
  return destination.lines;
}

async function lineOf(message: string, fields?: LogFields): Promise<Record<string, unknown>> {
  const [line = ""] = await linesOf((logger) => logger.info(message, fields));
  const parsed: unknown = JSON.parse(line);
  assert.ok(typeof parsed === "object" && parsed !== null);
  return { ...parsed };
}

suite("a JSON line", () => {
  test("has a level by name, an ISO time, the fields and the message, and no process noise", async () => {
    const { time, ...rest } = await lineOf("table published", { version: 3, app: "/a" });
    assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual(rest, { level: "info", version: 3, app: "/a", msg: "table published" });
  });

  test("carries the logger's name when it has one", async () => {
    const [line = ""] = await linesOf((logger) => logger.warn("x"), { name: "portolan" });
    assert.match(line, /"level":"warn".*"name":"portolan"/);
  });

  test("keeps fields from posing as its own", async () => {
    const line = await lineOf("real", { level: "fake", time: 1, msg: "fake", name: "n" });
    assert.deepEqual(
      [line["level"], line["msg"], line["level_"], line["msg_"], line["name_"]],
      ["info", "real", "fake", "fake", "n"],
    );
  });

  test("takes the message as it is, without placeholders", async () => {
    assert.equal((await lineOf("100%d of %s", {}))["msg"], "100%d of %s");
  });
});

suite("levels", () => {
  const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];
  for (const [index, level] of levels.entries()) {
    test(`${level} writes itself and what is graver`, async () => {
      const lines = await linesOf(
        (logger) => {
          for (const each of levels) logger[each](each);
        },
        { level },
      );
      assert.deepEqual(
        lines.map((line) => /"msg":"(\w+)"/.exec(line)?.[1]),
        levels.slice(index),
      );
    });
  }

  test("change while it runs", async () => {
    const lines = await linesOf(
      (logger) => {
        logger.debug("unheard");
        logger.setLevel("debug");
        assert.equal(logger.level, "debug");
        logger.debug("heard");
      },
      { level: "info" },
    );
    assert.equal(lines.length, 1);
  });
});

suite("secrets", () => {
  const rows: readonly (readonly [string, LogFields])[] = [
    ["trying http://me:hunter2@m1:8080/v2", {}],
    ["x", { url: new URL("http://me:hunter2@m1:8080") }],
    ["x", { endpoints: ["https://m0", "https://me:hunter2@m1"] }],
    ["x", { authorization: "Basic hunter2" }],
    ["x", { request: { headers: { "Proxy-Authorization": "Basic hunter2", Cookie: "hunter2" } } }],
    ["x", { password: "hunter2", nested: { passwd: "hunter2", token: "hunter2" } }],
    ["x", { map: new Map([["secret", "hunter2"]]) }],
    ["got authorization: Basic hunter2, retrying", {}],
    [
      "x",
      {
        err: new Error("GET http://me:hunter2@m1 failed", { cause: new Error("password=hunter2") }),
      },
    ],
    [`${"x".repeat(1000)}://me:hunter2${"y".repeat(2000)}@m1`, {}],
  ];
  for (const [message, fields] of rows) {
    test(`do not show: ${message.slice(0, 30)} ${JSON.stringify(Object.keys(fields))} (A09)`, async () => {
      const line = JSON.stringify(await lineOf(message, fields));
      assert.doesNotMatch(line, /hunter2/);
      assert.match(line, /\*\*\*|\[redacted\]/);
    });
  }

  test("masked leave the rest readable", async () => {
    assert.equal(
      (await lineOf("GET http://me:pw@m1:8080/v2 failed"))["msg"],
      "GET http://***@m1:8080/v2 failed",
    );
  });
});

suite("a line is safe and bounded", () => {
  const nasty = "a\nb\r\u001B[31m\u0000\u0085\u2028\u2029\u202E\u007F";
  for (const format of ["json", "text"] as const) {
    test(`control characters are escaped in ${format} (A10)`, async () => {
      const [line = "", ...rest] = await linesOf(
        (logger) => logger.info(nasty, { [nasty]: nasty, list: [nasty] }),
        {
          format,
        },
      );
      assert.deepEqual(rest, []);
      assert.doesNotMatch(line, /[\p{Cc}\u2028\u2029\u202E]/u);
      assert.match(line, /\\u001b/);
    });

    test(`a megabyte becomes at most 8 KiB in ${format} (A10)`, async () => {
      const long = "ü\u202E".repeat(500_000);
      const fields = Object.fromEntries(
        Array.from({ length: 100 }, (_, index) => [`k${index}`, long]),
      );
      const lines = await linesOf((logger) => logger.info(long, fields), { format });
      assert.equal(lines.length, 1);
      assert.ok(Buffer.byteLength(lines[0] ?? "") <= 8192);
      assert.match(lines[0] ?? "", /truncated/);
    });
  }

  test("a line that is too long keeps as many fields as fit", async () => {
    const fields = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`k${index}`, "x".repeat(1000)]),
    );
    const [line = ""] = await linesOf((logger) => logger.info("m", fields));
    assert.ok(line.length > 7000 && line.length < 8192);
    assert.match(line, /"msg":"m","k0":"x+",.*"k6":"x+","truncated":20\d{3}\}$/);
  });

  test("a cut text says how long it was", async () => {
    assert.match(String((await lineOf("m".repeat(5000)))["msg"]), /^m{1024}… \(5000 characters\)$/);
  });

  test("what cannot be shown as it is becomes a word", async () => {
    const loop: Record<string, unknown> = { deep: { deeper: { deepest: { over: { edge: 1 } } } } };
    loop["loop"] = loop;
    const { proxy: revoked, revoke } = Proxy.revocable<Record<string, unknown>>({}, {});
    revoke();
    const line = await lineOf("x", {
      loop,
      big: 12n,
      bytes: new Uint8Array(3),
      date: new Date(Number.NaN),
      set: new Set([1]),
      none: undefined,
      revoked,
      get broken(): never {
        throw new Error("unreadable");
      },
    });
    assert.deepEqual(
      [line["big"], line["bytes"], line["date"], line["set"]],
      ["12", "3 bytes", "invalid date", [1]],
    );
    assert.equal(line["broken"], "[unreadable]");
    assert.equal("none" in line, false);
  });

  test("an error shows its type, message, code, cause and stack", async () => {
    const error = Object.assign(new TypeError("broken", { cause: new Error("why") }), {
      code: "EBROKEN",
    });
    const { err } = await lineOf("x", { err: error });
    assert.ok(typeof err === "object" && err !== null && "stack" in err);
    assert.deepEqual(Object.entries(err).slice(0, 3), [
      ["type", "TypeError"],
      ["message", "broken"],
      ["code", "EBROKEN"],
    ]);
    assert.match(JSON.stringify(err), /"cause":\{"type":"Error","message":"why"/);
  });

  test("nothing that is logged throws, and every line parses", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "binary" }),
        fc.dictionary(fc.string(), fc.anything()),
        async (message, fields) => {
          const lines = await linesOf((logger) => logger.info(message, fields));
          assert.equal(lines.length, 1);
          JSON.parse(lines[0] ?? "");
          assert.equal(
            (await linesOf((logger) => logger.info(message, fields), { format: "text" })).length,
            1,
          );
        },
      ),
      { numRuns: 100 },
    );
  });
});

suite("text", () => {
  test("is time, level, message and fields, quoted where it must be", async () => {
    const fields = { added: 3, app: "/demo/web", reason: "task is staging", list: [1, 2] };
    const [line = ""] = await linesOf((logger) => logger.info("table changed", fields), {
      format: "text",
    });
    assert.match(
      line,
      /^\d\d:\d\d:\d\d info {2}table changed added=3 app=\/demo\/web reason="task is staging" list=\[1,2\]$/,
    );
  });

  const rows = [
    ["auto", true, /^\S*\d\d:\d\d:\d\d/],
    ["auto", false, /^\{/],
    ["json", true, /^\{/],
    ["text", false, /^\d\d:\d\d:\d\d/],
  ] as const;
  for (const [format, isTTY, want] of rows) {
    test(`${format} ${isTTY ? "on" : "without"} a terminal`, async () => {
      const destination = Object.assign(new Sink(), { isTTY });
      const [line = ""] = await linesOf((logger) => logger.info("x"), { format, destination }).then(
        () => destination.lines,
      );
      assert.match(stripVTControlCharacters(line), want);
    });
  }

  test("has colours on a terminal only, and not when NO_COLOR asks", async (context) => {
    const kept = { ...process.env };
    context.after(() => {
      process.env = kept;
    });
    const colourful = async (isTTY: boolean, env: NodeJS.ProcessEnv): Promise<boolean> => {
      process.env = { TERM: "xterm-256color", ...env };
      const destination = Object.assign(new Sink(), { isTTY });
      await linesOf((logger) => logger.error("x"), { format: "text", destination });
      return destination.text.includes("\u001B[31m");
    };
    assert.equal(await colourful(true, {}), true);
    assert.equal(await colourful(true, { NO_COLOR: "1" }), false);
    assert.equal(await colourful(false, {}), false);
  });
});
