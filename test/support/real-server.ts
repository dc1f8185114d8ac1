import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Why tests with this program are skipped here, or false when it is installed. */
export function isMissing(program: string, debianPackage: string = program): string | false {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" });
    return false;
  } catch {
    return `${program} is not installed: apt-get install ${debianPackage}`;
  }
}

/** A directory of its own that goes away with what is in it. */
export class TemporaryDirectory implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), "portolan-test-"));

  /** Writes a file into it, and gives its path. */
  write(name: string, text: string): string {
    const path = join(this.path, name);
    writeFileSync(path, text);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A server program in a process of its own, in the foreground; it is killed at the end. */
export class ServerProcess implements AsyncDisposable {
  /** All that it has written to stdout and stderr. */
  output = "";
  readonly #child: ChildProcess;

  constructor(program: string, options: readonly string[]) {
    this.#child = spawn(program, options, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child.on("error", (error) => (this.output += error.message));
    this.#child.stdout?.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    this.#child.stderr?.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
  }

  signal(name: "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(name);
  }

  /** Ends it as `kill -9` does, and waits until it is gone. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // By its own handling of SIGTERM, so that nginx takes its workers along.
    await this.#end("SIGTERM");
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "close");
    child.kill(signal);
    // One that was stopped hears of it only when it goes on.
    child.kill("SIGCONT");
    await gone;
  }
}
