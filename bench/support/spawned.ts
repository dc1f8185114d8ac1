import { type ChildProcess, spawn } from "node:child_process";

export interface SpawnOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Processors it may use, as `taskset -c` takes them; default any. */
  readonly cpus?: string | undefined;
  /** How far it stands back for others, 0–19; default 0. */
  readonly niceness?: number;
  /** Give it a message channel to us; default false. */
  readonly hasChannel?: boolean;
}

const longestTail = 4000;

/** A process of the bench. It ends with its owner: by disposal, or when this process ends in any other way. */
export class Spawned implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly #ended: Promise<string>;
  readonly #name: string;
  #tail = "";

  constructor(options: SpawnOptions) {
    const [command = "", ...args] = commandLine(options);
    const channel = options.hasChannel === true ? ["ipc" as const] : [];
    this.#name = options.command;
    // Only what it needs: a variable that configures a proxy must not reach one that is measured.
    const env = { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "" };
    this.child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe", ...channel], env });
    const kill = (): void => void this.child.kill("SIGKILL");
    process.once("exit", kill);
    this.#ended = new Promise((resolve) => {
      this.child.on("error", (error) => resolve(error.message));
      this.child.once("exit", (code, signal) => resolve(signal ?? `code ${code}`));
    });
    void this.#ended.then(() => process.removeListener("exit", kill));
    this.child.stdout?.on("data", (chunk: Buffer) => this.#keep(chunk));
    this.child.stderr?.on("data", (chunk: Buffer) => this.#keep(chunk));
  }

  /** It replaces itself by what it was told to run, so this is the measured process. */
  get pid(): number {
    const { pid } = this.child;
    if (pid === undefined) throw new Error(`${this.#name} did not start`);
    return pid;
  }

  /** What it printed last. */
  get tail(): string {
    return this.#tail;
  }

  /** Passes the result on, unless the process ends first: then it rejects with what the process said. */
  async whileAlive<T>(work: Promise<T>): Promise<T> {
    const ended = this.#ended.then((how) => {
      throw new Error(`${this.#name} ended (${how}): ${this.#tail.trim()}`);
    });
    return await Promise.race([work, ended]);
  }

  /** At once: nothing it holds is worth a farewell. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.#ended;
  }

  #keep(chunk: Buffer): void {
    this.#tail = `${this.#tail}${chunk.toString()}`.slice(-longestTail);
  }
}

function commandLine({ command, args, cpus, niceness = 0 }: SpawnOptions): readonly string[] {
  const pinned = cpus === undefined ? [] : ["taskset", "-c", cpus];
  const polite = niceness === 0 ? [] : ["nice", "-n", String(niceness)];
  return [...pinned, ...polite, command, ...args];
}
