import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { eventually } from "./eventually.ts";
import { ProgramBaseline, type Allowances } from "./program-baseline.ts";
import { StatusPort } from "./status-port.ts";

/** What the program runs in. */
export interface Surroundings {
  /** Flags of the runtime itself. */
  readonly runtime?: readonly string[];
  /** What is run: the sources, or the built program. Default `src/main.ts`. */
  readonly file?: string;
  /** Command that starts it, as `ip netns exec NAME` does. */
  readonly within?: readonly string[];
  /** Without the right to bind ports below 1024, also as root. */
  readonly unprivileged?: boolean;
  /** Open files it may have; default as many as the tests. */
  readonly descriptors?: number;
}

export interface ProgramOptions extends Surroundings, Allowances {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Its status port as `host:port`, where the line that says it has started does not say that. */
  readonly status?: string;
}

/** Longest line of a log, in bytes. */
const mostLine = 8192;
const fatal: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT", "SIGKILL", "SIGQUIT"];

/**
 * What a child has of the environment of the tests: coverage is collected of it too, and it starts from what was compiled
 * before, where the run asks for that.
 */
export function inherited(): Record<string, string> {
  return Object.fromEntries(
    ["PATH", "NODE_V8_COVERAGE", "NODE_COMPILE_CACHE"].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/**
 * The whole program as a child process, as users start it. However a story ends, it is looked at what must hold after
 * every one: a program that still runs must hold no more than when it had settled, and one that has ended must have been
 * told to or be expected to; in no case may a thread have died unasked, an error have gone unhandled, or a line of the
 * log be longer than is promised.
 */
export class Program implements AsyncDisposable {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  #exit: Promise<number | null>;
  #baseline: ProgramBaseline | undefined;
  #mayEnd = false;
  readonly #allowances: Allowances;
  readonly #status: string | undefined;

  constructor({ args, env = {}, status, ...surroundings }: ProgramOptions) {
    this.#allowances = surroundings;
    this.#status = status;
    const [file = "", ...rest] = [...commandOf(surroundings), ...args];
    this.child = spawn(file, rest, {
      cwd: new URL("../..", import.meta.url).pathname,
      env: { ...inherited(), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child.stdout?.on("data", (chunk: Buffer) => {
      this.stdout += chunk.toString();
    });
    this.child.stderr?.on("data", (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    this.#exit = once(this.child, "close").then(([code]: (number | null)[]) => code ?? null);
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error("the program was not started");
    return this.child.pid;
  }

  /** The exit code, of a program that is expected to end; null when a signal killed it. */
  exit(): Promise<number | null> {
    this.expectEnd();
    return this.#exit;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Its status port; undefined when it has none, or has not said so yet. */
  get status(): StatusPort | undefined {
    const said = this.#status ?? /"status":"([^"]+:\d+)"/.exec(this.stdout)?.[1];
    return said === undefined ? undefined : new StatusPort(said);
  }

  /** It has what it needs: what it holds from now on is to be given back. The first time counts. */
  async settled(): Promise<void> {
    await this.#noteHoldings();
  }

  async #noteHoldings(): Promise<void> {
    const { pid, status } = this;
    if (this.#baseline !== undefined || status === undefined) return;
    const watched = { pid, status, lines: () => this.log.length };
    this.#baseline = await ProgramBaseline.take(watched, this.#allowances);
  }

  /** Fails unless everything that must hold after a story holds now; looked at once more when this is disposed. */
  async assertHeld(): Promise<void> {
    assert.ok(!this.hasEnded, `it has ended: ${this.stdout}${this.stderr}`);
    assert.ok(this.status !== undefined, "it runs, and nobody knows its status port");
    await this.#noteHoldings();
    await this.#baseline?.assertHeld();
  }

  /** Log lines written so far, parsed; every line must be one JSON object. */
  get log(): Record<string, unknown>[] {
    const lines = this.stdout.split("\n").slice(0, -1);
    return lines.map((line): Record<string, unknown> => {
      const value: unknown = JSON.parse(line);
      if (typeof value !== "object" || value === null) throw new Error(`not an object: ${line}`);
      return { ...value };
    });
  }

  /** Waits for a log line with this message. */
  async logged(msg: string | RegExp): Promise<Record<string, unknown>> {
    const matches = (text: unknown): boolean =>
      typeof text === "string" && (typeof msg === "string" ? text === msg : msg.test(text));
    const find = (): Record<string, unknown> | undefined =>
      this.log.find((line) => matches(line["msg"]));
    await eventually(() => find() !== undefined || this.hasEnded, { withinMs: 20_000 }).catch(
      () => undefined,
    );
    // What it wrote last may come after its end.
    if (this.hasEnded) await this.#exit;
    const found = find();
    if (found !== undefined) return found;
    throw new Error(`no log line ${String(msg)}, but: ${this.stdout}${this.stderr}`);
  }

  signal(name: NodeJS.Signals): void {
    if (fatal.includes(name)) this.expectEnd();
    this.child.kill(name);
  }

  /** From now on it may end. */
  protected expectEnd(): void {
    this.#mayEnd = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#assertWell();
    } finally {
      this.expectEnd();
      if (!this.hasEnded) this.child.kill("SIGKILL");
      await this.#exit;
    }
    this.#assertSaid();
  }

  /** What cannot be looked at any more once it has ended. */
  async #assertWell(): Promise<void> {
    // One that has been replaced, or was told to end, is on its way out.
    const mayEnd = this.#mayEnd || /"msg":"draining"/.test(this.stdout);
    if (!mayEnd) await this.assertHeld();
  }

  /** Every line of the log is an object and no longer than is promised; no error has gone unhandled. */
  #assertSaid(): void {
    const longest = Math.max(...this.stdout.split("\n").map((line) => Buffer.byteLength(line)));
    assert.ok(longest <= mostLine, `a log line of ${longest} bytes`);
    assert.doesNotMatch(this.stderr, /node:internal|uncaught|unhandled/i);
    const deaths = [...this.stdout.matchAll(/worker died and is replaced/g)].length;
    assert.equal(deaths, this.#allowances.crashes ?? 0);
  }
}

function commandOf({
  runtime = [],
  file = "src/main.ts",
  within = [],
  unprivileged = false,
  descriptors,
}: Surroundings): string[] {
  const dropped = [
    "setpriv",
    "--inh-caps",
    "-net_bind_service",
    "--bounding-set",
    "-net_bind_service",
  ];
  const limited = descriptors === undefined ? [] : ["prlimit", `--nofile=${descriptors}`];
  const outer = [...within, ...(unprivileged ? dropped : []), ...limited];
  return [...outer, process.execPath, ...runtime, file];
}
