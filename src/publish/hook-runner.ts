import { spawn, type ChildProcess } from "node:child_process";
import type { Logger } from "../model/logger.ts";
import { printable } from "../model/problem.ts";

export interface HookOptions {
  /** The program and its arguments; no shell reads them. */
  readonly command: readonly string[];
  /** A run that takes longer is killed with what it started, in ms. */
  readonly timeoutMs: number;
  readonly logger: Logger;
}

const longestComplaint = 300;

/** Runs a command after changes: one at a time, and once more for all that were asked for meanwhile. */
export class HookRunner implements AsyncDisposable {
  readonly #options: HookOptions;
  #child: ChildProcess | undefined;
  #running: Promise<void> | undefined;
  #isAsked = false;
  #isClosed = false;
  #runs = 0;
  #failures = 0;

  constructor(options: HookOptions) {
    this.#options = options;
  }

  get runs(): number {
    return this.#runs;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Asks for a run that begins after now. */
  ask(): void {
    if (this.#isClosed) return;
    this.#isAsked = true;
    this.#running ??= this.#runWhileAsked();
  }

  /** Kills a run that has not ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#isAsked = false;
    if (this.#child !== undefined) killGroup(this.#child);
    await this.#running;
  }

  async #runWhileAsked(): Promise<void> {
    while (this.#isAsked) {
      this.#isAsked = false;
      this.#runs += 1;
      const complaint = await this.#run().catch((error: unknown) => printable(String(error)));
      if (complaint === undefined || this.#isClosed) continue;
      this.#failures += 1;
      this.#options.logger.warn("hook after a change of the instance files failed", {
        reason: complaint,
      });
    }
    this.#running = undefined;
  }

  /** What went wrong; undefined when nothing did. */
  #run(): Promise<string | undefined> {
    const { command, timeoutMs } = this.#options;
    const [program = "", ...args] = command;
    return new Promise((resolve) => {
      // A group of its own, so that a run that hangs can be killed with whatever it waits for.
      const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], detached: true });
      const end = (complaint: string | undefined): void => {
        clearTimeout(timer);
        this.#child = undefined;
        resolve(complaint);
      };
      let said = "";
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        killGroup(child);
      }, timeoutMs);
      child.once("error", (error) => end(printable(error.message)));
      child.stderr.on("error", () => undefined);
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        if (said.length < longestComplaint) said += text;
      });
      child.once("exit", (code, signal) => {
        child.stderr.destroy();
        const ending = isLate
          ? `still running after ${timeoutMs} ms`
          : `ended with ${code ?? signal}`;
        end(code === 0 ? undefined : printable(`${ending}: ${said.trim()}`));
      });
      this.#child = child;
    });
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
