import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { Program } from "../support/program.ts";

/** Squats the demo's usual status port, so that the demo must find another whatever else runs here. */
async function squat(): Promise<Disposable> {
  const server = createServer();
  // Where somebody else has it, that will do.
  await new Promise((resolve) => {
    server.once("error", resolve);
    server.listen(9090, "127.0.0.1", () => resolve(undefined));
  });
  return { [Symbol.dispose]: () => server.close() };
}

test("without a source npm start shows the demo: real replicas behind real ports, and lines to try", async () => {
  using squatter = await squat();
  assert.ok(squatter);
  await using program = new Program({ args: ["start", "--no-script", "--log-format", "json"] });
  await program.logged(/port 9090 is taken: the status port is \d+ instead/);
  const hint = await program.logged(/curl http:\/\/localhost:\d+\//);
  const url = /http:\S+/.exec(String(hint["msg"]))?.[0] ?? "";
  const answer = await (await fetch(url)).text();
  assert.match(answer, /^hello from \/demo\/web [0-9a-f]{8}, you asked for \/\n$/);
  const summary = await program.logged(/visits served/);
  assert.match(
    String(summary["msg"]),
    /web\.demo:\d+ 3\/3 up, echo\.demo:\d+ 2\/2 up, kv\.demo:\d+ 2\/2 up, datagrams\.demo:\d+ 2\/2 up; \d+ visits served, 0 failed/,
  );
  program.signal("SIGTERM");
  assert.equal(await program.exit(), 0);
});

test("the script scales an app, and no visit fails", async () => {
  await using program = new Program({ args: ["demo", "--log-format", "json"] });
  await program.logged("scaling /demo/web to 5 instances");
  await eventually(
    () => program.log.some(({ msg }) => /web\.demo:\d+ 5\/5 up.* 0 failed$/.test(String(msg))),
    {
      withinMs: 20_000,
    },
  );
  program.signal("SIGINT");
  assert.equal(await program.exit(), 0);
});

test("with a source npm start is the real thing", async () => {
  await using program = new Program({
    args: ["start", "--marathon", "http://127.0.0.1:1", "--status-endpoint", "127.0.0.1:0"],
  });
  await program.logged("started");
  assert.ok(!program.log.some(({ msg }) => String(msg).includes("demo")));
});

test("on a terminal it is a live table, and the terminal is given back as it was", async () => {
  const out: string[] = [];
  const command = `stty rows 40 cols 100; exec ${process.execPath} src/main.ts demo --no-script`;
  const terminal = spawn("script", ["-qec", command, "/dev/null"], {
    cwd: new URL("../..", import.meta.url).pathname,
    env: { PATH: process.env["PATH"], TERM: "xterm-256color" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const over = once(terminal, "close");
  using end = { [Symbol.dispose]: () => terminal.kill("SIGKILL") };
  assert.ok(end);
  terminal.stdout.on("data", (chunk: Buffer) => out.push(chunk.toString()));
  const shown = (): string => out.join("");
  await eventually(() => /web\.demo:\d+ +3 of 3 up +\d+ +\d+\.\d/.test(shown()), {
    withinMs: 20_000,
    what: `the table in ${shown()}`,
  });
  assert.ok(shown().startsWith("\u001B[?1049h"), "the alternate screen");
  assert.match(shown(), /SERVICE \/ REPLICA +STATE +OPEN +CONN\/S/);
  assert.ok(shown().includes("\u001B[32mup"));
  // Ctrl-C, typed.
  terminal.stdin.write("\u0003");
  await over;
  assert.ok(shown().trimEnd().endsWith("\u001B[?1049l"), JSON.stringify(shown().slice(-80)));
});

test("it ends when its terminal is closed", async () => {
  const command = `echo "pid $$"; exec ${process.execPath} src/main.ts demo --no-script`;
  const terminal = spawn("script", ["-qec", command, "/dev/null"], {
    cwd: new URL("../..", import.meta.url).pathname,
    env: { PATH: process.env["PATH"], TERM: "xterm-256color" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let shown = "";
  terminal.stdout.on("data", (chunk: Buffer) => {
    shown += chunk.toString();
  });
  await eventually(() => /web\.demo:\d+ +3 of 3 up/.test(shown), { withinMs: 20_000 });
  const pid = Number(/pid (\d+)/.exec(shown)?.[1]);
  terminal.kill("SIGKILL");
  await eventually(() => !isRunning(pid), { withinMs: 40_000, what: "the end of the demo" });
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // Nobody has that id.
    return false;
  }
}
