import { execFile, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Why a test must be skipped whose program is not installed; false when it is. */
export function missing(program: string, debianPackage: string): string | false {
  const { error } = spawnSync(program, ["--version"]);
  return error === undefined
    ? false
    : `${program} is not installed (Debian package ${debianPackage})`;
}

/** A real server as a child process, from start to `await using`'s end. */
export class Server implements AsyncDisposable {
  readonly #child: ChildProcess;

  constructor(program: string, args: readonly string[]) {
    this.#child = spawn(program, args, { stdio: "ignore" });
    this.#child.on("error", () => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return;
    const closed = once(this.#child, "close");
    this.#child.kill("SIGKILL");
    await closed;
  }
}

/** What a program prints before it ends well; rejects when it fails or takes longer than `withinMs`. */
export async function output(
  program: string,
  args: readonly string[],
  withinMs = 20_000,
): Promise<string> {
  const { stdout } = await run(program, [...args], { timeout: withinMs, encoding: "utf8" });
  return stdout;
}

/** The same, tried until it ends well: a server that has just been started may not listen yet. */
export async function outputOnceReady(program: string, args: readonly string[]): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await output(program, args);
    } catch (error) {
      if (attempt === 20) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, 100);
      });
    }
  }
}
