import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { suite, test } from "node:test";
import { DashboardStage, successor } from "../support/dashboard-stage.ts";
import { eventually } from "../support/eventually.ts";
import { inherited, Program } from "../support/program.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";

/** `portolan top` on a terminal of its own, by `script` of util-linux. */
class TopOnTerminal implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #over: Promise<unknown>;
  shown = "";

  constructor(status: string, env: Readonly<Record<string, string>> = {}) {
    const top = `${process.execPath} src/main.ts top --status-endpoint ${status}`;
    // What follows tells whether the terminal's own settings are as they were, and how it ended.
    const command = `stty rows 24 cols 120; before=$(stty -g); ${top}; echo "exit $?"; [ "$before" = "$(stty -g)" ] && echo as before`;
    this.#child = spawn("script", ["-qec", command, "/dev/null"], {
      cwd: new URL("../..", import.meta.url).pathname,
      env: { ...inherited(), TERM: "xterm-256color", ...env },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      this.shown += chunk.toString();
    });
    this.#child.stdin?.on("error", () => undefined);
    this.#over = once(this.#child, "close");
  }

  /** The newest complete picture. */
  get picture(): string {
    return this.shown.split("\u001B[H").findLast((text) => text.includes("\u001B[J")) ?? "";
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  async sees(pattern: RegExp): Promise<void> {
    await eventually(() => pattern.test(this.picture), {
      withinMs: 20_000,
      what: `${String(pattern)} in ${this.picture}`,
    });
  }

  async ended(): Promise<string> {
    await this.#over;
    return this.shown.slice(this.shown.lastIndexOf("\u001B[?1049l"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#over;
  }
}

suite("portolan top", { timeout: 100_000 }, () => {
  test("shows, unfolds, filters, and gives the terminal back as it was", async () => {
    await using one = await TcpReplica.start(named("one"));
    await using two = await TcpReplica.start(named("two"));
    await using stage = await DashboardStage.start([
      { app: "/a/web", replicas: [one, two] },
      { app: "/b/db", replicas: [one] },
    ]);
    await using top = new TopOnTerminal(new URL(stage.url).host);
    await top.sees(/\/a\/web .* 2\/2 up/);
    assert.ok(top.shown.includes("\u001B[?1049h"), "the alternate screen");
    top.type("s/web\r");
    await top.sees(/sort: app .* filter: web/);
    assert.ok(!top.picture.includes("/b/db"));
    top.type("\r");
    await top.sees(new RegExp(`127\\.0\\.0\\.1:${two.port} .* up .* probe L4OK`));
    await two[Symbol.asyncDispose]();
    await top.sees(new RegExp(`127\\.0\\.0\\.1:${two.port} .* down .* L4CON`));
    assert.ok(top.picture.includes("\u001B[31m"), "what is down is red");
    top.type("?");
    await top.sees(/reverse the order/);
    top.type("qq");
    assert.match(await top.ended(), /exit 0\r\nas before\r\n/);
  });

  test("outlives the portolan it watches, finds the next one, honours NO_COLOR, and ends well by ctrl-c", async () => {
    await using stage = await DashboardStage.start([{ app: "/a", replicas: [] }]);
    await using top = new TopOnTerminal(new URL(stage.url).host, { NO_COLOR: "1" });
    await top.sees(/\/a .* 0\/0 up/);
    await stage.proxy[Symbol.asyncDispose]();
    await top.sees(/no connection, trying again/);
    assert.ok(top.picture.includes("/a "), "what was last known stays");
    using folder = new TemporaryFolder();
    await using _ = successor(new URL(stage.url).host, folder);
    await top.sees(/\/successor .* 0\/0 up/);
    assert.ok(!top.picture.includes("/a "));
    // oxlint-disable-next-line no-control-regex -- colours are escape sequences
    assert.ok(!/\u001B\[[\d;]*m/.test(top.shown));
    top.type("\u0003");
    assert.match(await top.ended(), /exit 0\r\nas before/);
  });

  test("where nobody listens it says so and gives the terminal back", async () => {
    await using top = new TopOnTerminal("127.0.0.1:1");
    assert.match(await top.ended(), /nobody listens there.*\r\nexit 1\r\nas before/s);
  });

  test("into a pipe it prints one look and ends", async () => {
    await using one = await TcpReplica.start(named("one"));
    await using stage = await DashboardStage.start([{ app: "/a/web", replicas: [one] }]);
    const status = new URL(stage.url).host;
    await using program = new Program({ args: ["top", "--status-endpoint", status] });
    assert.equal(await program.exit(), 0);
    assert.match(
      program.stdout,
      /^portolan .* 1 services, 1\/1 replicas up[^]*\/a\/web +tcp\/\d+ +1\/1 up/,
    );
    assert.ok(!program.stdout.includes("\u001B"));
    await using nobody = new Program({ args: ["top", "--status-endpoint", "127.0.0.1:1"] });
    assert.equal(await nobody.exit(), 1);
    assert.match(nobody.stderr, /nobody listens there/);
  });
});
