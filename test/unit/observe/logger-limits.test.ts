import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import * as fc from "fast-check";
import { LineRate } from "../../../src/observe/line-rate.ts";
import type { LoggerOptions, ProgramLogger } from "../../../src/observe/logger.ts";
import { createLogger } from "../../../src/observe/logger.ts";
import { Sink } from "./logger-sink.ts";

function open(options: Partial<LoggerOptions> = {}): {
  readonly sink: Sink;
  readonly logger: ProgramLogger;
} {
  const sink = new Sink();
  return {
    sink,
    logger: createLogger({ level: "info", format: "json", destination: sink, ...options }),
  };
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

suite("a storm of lines", () => {
  test("is cut to 100 in a second, and the rest summed up in one line (A13)", async () => {
    let nowMs = 0;
    const { sink, logger } = open({ now: () => nowMs });
    for (let line = 0; line < 20_000; line += 1) {
      nowMs = line / 20;
      logger.warn("connection failed", { line });
    }
    await logger.close();
    assert.equal(sink.lines.length, 100);
    assert.match(
      sink.lines[99] ?? "",
      /"level":"warn".*"suppressed":19901,"msg":"19901 lines suppressed"/,
    );
    assert.equal(logger.dropped(), 0);
  });

  test("that goes on is summed up once a second, and every line is either written or in a sum", async () => {
    let nowMs = 0;
    const { sink, logger } = open({ now: () => nowMs });
    for (let line = 0; line < 5000; line += 1) {
      nowMs = line;
      logger.info("x");
    }
    await logger.close();
    const sums = sink.lines
      .flatMap((line) => /"suppressed":(\d+)/.exec(line)?.[1] ?? [])
      .map(Number);
    const written = sink.lines.length - sums.length;
    assert.equal(sums.length, 5);
    assert.equal(written + sums.reduce((sum, each) => sum + each, 0), 5000);
    assert.ok(sink.lines.length <= 500);
  });

  test("that stops is summed up by itself", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const { sink, logger } = open({ linesPerSecond: 2, now: () => 0 });
    for (let line = 0; line < 5; line += 1) logger.error("x");
    context.mock.timers.tick(999);
    logger.flush();
    await setImmediate();
    assert.equal(sink.lines.length, 1);
    context.mock.timers.tick(1);
    logger.flush();
    await setImmediate();
    assert.match(sink.lines[1] ?? "", /"msg":"4 lines suppressed"/);
    await logger.close();
  });

  test("is summed up even where only errors are written", async () => {
    const { sink, logger } = open({ level: "error", linesPerSecond: 2, now: () => 0 });
    for (let line = 0; line < 3; line += 1) logger.error("x");
    await logger.close();
    assert.match(sink.lines[1] ?? "", /"level":"error".*"2 lines suppressed"/);
  });

  test("below the level written costs no room", async () => {
    const { sink, logger } = open({ now: () => 0 });
    for (let line = 0; line < 1000; line += 1) logger.debug("x");
    logger.info("seen");
    await logger.close();
    assert.equal(sink.lines.length, 1);
  });
});

test("any second holds at most so many lines, and none is refused that would fit", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10 }),
      fc.array(fc.nat({ max: 400 }), { maxLength: 200 }),
      (limit, steps) => {
        const rate = new LineRate(limit);
        const admitted: number[] = [];
        let nowMs = 0;
        for (const step of steps) {
          nowMs += step;
          const fits = admitted.filter((at) => nowMs - at < 1000).length < limit;
          assert.equal(rate.admit(nowMs), fits);
          if (fits) admitted.push(nowMs);
        }
      },
    ),
  );
});

suite("the queue", () => {
  test("gathers lines before it writes them, until asked", async () => {
    const { sink, logger } = open();
    logger.info("x");
    assert.equal(sink.text, "");
    logger.flush();
    assert.equal(sink.lines.length, 1);
    await logger.close();
  });

  test("writes by itself once enough has gathered, or a moment has passed", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const { sink, logger } = open();
    logger.info("x");
    context.mock.timers.tick(100);
    assert.equal(sink.lines.length, 1);
    await setImmediate();
    for (let line = 0; line < 5; line += 1) logger.info("x".repeat(1000));
    assert.ok(sink.lines.length > 1);
    await logger.close();
  });

  test("writes text for people at once", async () => {
    const { sink, logger } = open({ format: "text" });
    logger.info("x");
    assert.equal(sink.lines.length, 1);
    await logger.close();
  });

  test("of a reader that stalls is bounded; what does not fit is counted, and the rest arrives later", async () => {
    const { sink, logger } = open({ queueBytes: 10_000, linesPerSecond: 1_000_000 });
    sink.hold();
    for (let line = 0; line < 1000; line += 1)
      logger.info("line", { line, padding: "x".repeat(100) });
    const dropped = logger.dropped();
    assert.ok(dropped > 900 && dropped < 1000);
    assert.ok(sink.text.length < 10_000);
    sink.release();
    await logger.close();
    assert.equal(sink.lines.length + dropped, 1000);
    assert.ok(sink.text.length <= 10_000);
    for (const [index, line] of sink.lines.entries())
      assert.match(line, new RegExp(`"line":${index},`));
  });

  test("of a reader that stalls for good does not hold up closing", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const { sink, logger } = open({ format: "text" });
    sink.hold();
    logger.info("under way");
    logger.info("waiting");
    const closed = logger.close();
    context.mock.timers.tick(1000);
    await closed;
    assert.equal(logger.dropped(), 1);
  });
});

suite("a stream that fails", () => {
  test("with a reader that is gone turns the log off and counts what is lost", async () => {
    const { sink, logger } = open({ format: "text" });
    sink.hold();
    logger.info("under way");
    logger.info("waiting");
    sink.emit("error", failure("EPIPE"));
    logger.info("later");
    assert.equal(logger.dropped(), 2);
    assert.equal(sink.lines.length, 1);
    await logger.close();
  });

  test("for another reason is written to again", async () => {
    const { sink, logger } = open({ format: "text" });
    sink.emit("error", failure("ENOSPC"));
    logger.info("later");
    await logger.close();
    assert.equal(sink.lines.length, 1);
    assert.equal(logger.dropped(), 0);
  });

  test("by being destroyed turns the log off", async () => {
    const { sink, logger } = open({ format: "text" });
    sink.destroy(failure("EIO"));
    await new Promise((resolve) => sink.once("close", resolve));
    logger.info("later");
    assert.equal(logger.dropped(), 1);
    await logger.close();
  });

  test("after closing harms nothing, and later lines are counted", async () => {
    const { sink, logger } = open({ format: "text" });
    await logger.close();
    await logger.close();
    logger.info("later");
    sink.emit("error", failure("EPIPE"));
    assert.equal(logger.dropped(), 1);
  });
});

test("a logger leaves no listener on the process behind", async () => {
  const before = process.listenerCount("exit");
  {
    await using opened = open().logger;
    opened.info("x");
    assert.equal(process.listenerCount("exit"), before + 1);
  }
  assert.equal(process.listenerCount("exit"), before);
});
