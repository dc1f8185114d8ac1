import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/** A program of the tests in a process of its own, which tells one thing when it is ready and answers what it is asked. */
export class Forked implements AsyncDisposable {
  /** What it told when it was ready. */
  readonly told: unknown;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, told: unknown) {
    this.#child = child;
    this.told = told;
  }

  /** Starts a TypeScript file with these arguments; `within` is a command that starts it, as `ip netns exec NAME` does. */
  static async start(
    file: URL,
    args: readonly string[] = [],
    within: readonly string[] = [],
  ): Promise<Forked> {
    const [command = "", ...rest] = [...within, process.execPath, file.pathname, ...args];
    const child = spawn(command, rest, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    child.on("error", () => undefined);
    const [told]: unknown[] = await once(child, "message");
    return new Forked(child, told);
  }

  /** Its next message after this one. */
  async ask(question: string | object): Promise<unknown> {
    const answer = once(this.#child, "message");
    this.#child.send(question);
    const [told]: unknown[] = await answer;
    return told;
  }

  signal(name: "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(name);
  }

  /** Ends it as `kill -9` does, and waits until it is gone. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "close");
    this.#child.kill("SIGKILL");
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
