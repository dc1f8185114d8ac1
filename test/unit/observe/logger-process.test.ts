import assert from "node:assert/strict";
import { execFileSync, fork, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, existsSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";

const program = join(import.meta.dirname, "logger-child.ts");
// A tool of the system, not of a package.
const pipeMaker = "mkfifo";
const linesPerRound = 2000;
const rounds = 10;
const bytesPerLine = 1000;
const mebibyte = 1024 * 1024;

interface Report {
  readonly dropped: number;
  readonly bytes: number;
}

/** A child whose stdout the test holds; it is gone when the test is. */
class Child implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly ended: Promise<readonly unknown[]>;

  constructor(stdout: "pipe" | number) {
    this.process = fork(program, {
      execArgv: ["--expose-gc"],
      stdio: ["ignore", stdout, "inherit", "ipc"],
    });
    this.ended = once(this.process, "exit");
  }

  async ask(command: "log" | "report"): Promise<Report> {
    const answer = once(this.process, "message");
    this.process.send(command);
    const [report] = await Promise.race([
      answer,
      this.ended.then((exit) => assert.fail(`child ended: ${exit.join()}`)),
    ]);
    assert.ok(isReport(report));
    return report;
  }

  async leave(): Promise<unknown> {
    this.process.send("exit");
    const [code] = await this.ended;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill("SIGKILL");
    await this.ended;
  }
}

function isReport(value: unknown): value is Report {
  return typeof value === "object" && value !== null && "dropped" in value && "bytes" in value;
}

/** A pipe of the kind a shell makes; what Node makes for a child is a socket, which fails in other ways. */
class Pipe implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "portolan-log-"));
  readonly #reader: number;
  readonly writer: number;
  #isRead = true;

  constructor() {
    const path = join(this.#folder, "pipe");
    execFileSync(pipeMaker, [path]);
    this.#reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.writer = openSync(path, "w");
  }

  breakReader(): void {
    if (this.#isRead) closeSync(this.#reader);
    this.#isRead = false;
  }

  [Symbol.dispose](): void {
    this.breakReader();
    closeSync(this.writer);
    rmSync(this.#folder, { recursive: true });
  }
}

async function floodStalled(child: Child): Promise<void> {
  const before = await child.ask("report");
  let after = before;
  for (let round = 0; round < rounds; round += 1) after = await child.ask("log");
  const sentBytes = rounds * linesPerRound * bytesPerLine;
  assert.ok(sentBytes > 16 * mebibyte);
  assert.ok(after.bytes - before.bytes < 10 * mebibyte, `grew by ${after.bytes - before.bytes}`);
  assert.ok(after.dropped > linesPerRound, `dropped ${after.dropped}`);
}

async function floodDead(child: Child): Promise<void> {
  let report = await child.ask("report");
  for (let round = 0; round < 50 && report.dropped < 2 * linesPerRound; round += 1) {
    report = await child.ask("log");
  }
  // From when the reader is seen to be gone, each line of a round is lost and counted.
  const { dropped } = await child.ask("log");
  assert.equal(dropped - report.dropped, linesPerRound);
  assert.equal(await child.leave(), 0);
}

suite("a reader that stalls", { timeout: 60_000 }, () => {
  test("costs a bounded amount of memory, and the process still ends: socket (A11)", async () => {
    await using child = new Child("pipe");
    await floodStalled(child);
    assert.equal(await child.leave(), 0);
  });

  test("costs a bounded amount of memory, and the process still ends: pipe (A11)", async () => {
    using pipe = new Pipe();
    await using child = new Child(pipe.writer);
    await floodStalled(child);
    assert.equal(await child.leave(), 0);
  });

  test("and then reads on finds whole lines, all but those counted as dropped", async () => {
    await using child = new Child("pipe");
    await floodStalled(child);
    const { dropped } = await child.ask("report");
    const output = child.process.stdout;
    assert.ok(output !== null);
    output.setEncoding("utf8");
    const wanted = rounds * linesPerRound - dropped;
    let text = "";
    for await (const piece of output) {
      text += String(piece);
      if (text.split("\n").length > wanted) break;
    }
    const lines = text.trimEnd().split("\n");
    assert.equal(lines.length, wanted);
    for (const line of lines) assert.match(line, /^\{.*"padding":"x{1000}".*\}$/);
  });
});

suite("a reader that dies", { timeout: 60_000 }, () => {
  test("ends the log and not the process: socket (A12)", async () => {
    await using child = new Child("pipe");
    await child.ask("report");
    child.process.stdout?.destroy();
    await floodDead(child);
  });

  test("ends the log and not the process: pipe (A12)", async () => {
    using pipe = new Pipe();
    await using child = new Child(pipe.writer);
    await child.ask("report");
    pipe.breakReader();
    await floodDead(child);
  });

  const full = "/dev/full";
  test(
    "is not a full disk, which loses lines and nothing else",
    { skip: !existsSync(full) && "no /dev/full" },
    async () => {
      const device = openSync(full, "w");
      try {
        await using child = new Child(device);
        await floodDead(child);
      } finally {
        closeSync(device);
      }
    },
  );
});

for (const [ending, code] of [
  ["exit", 3],
  ["throw", 1],
] as const) {
  test(`the last line before ${ending} is not lost`, () => {
    const { stdout, status } = spawnSync(process.execPath, [program, ending], { encoding: "utf8" });
    assert.equal(status, code);
    assert.match(stdout, /"msg":"last words"\}\n$/);
  });
}
