import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { eventually } from "./eventually.ts";

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

export interface ProgramOptions extends Surroundings {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

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

/** The whole program as a child process, as users start it. */
export class Program implements AsyncDisposable {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  #exit: Promise<number | null>;

  constructor({ args, env = {}, ...surroundings }: ProgramOptions) {
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

  /** The exit code; null when a signal killed it. */
  exit(): Promise<number | null> {
    return this.#exit;
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
    const hasEnded = (): boolean => this.child.exitCode !== null || this.child.signalCode !== null;
    await eventually(() => find() !== undefined || hasEnded(), { withinMs: 20_000 }).catch(
      () => undefined,
    );
    // What it wrote last may come after its end.
    if (hasEnded()) await this.#exit;
    const found = find();
    if (found !== undefined) return found;
    throw new Error(`no log line ${String(msg)}, but: ${this.stdout}${this.stderr}`);
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGKILL");
    await this.#exit;
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
