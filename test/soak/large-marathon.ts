import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

export interface LargeOptions {
  readonly apps: number;
  /** Ports of 127.0.0.1 that every app has a task on. */
  readonly ports: readonly number[];
}

/** A Marathon with thousands of apps in a process of its own, so that its work is on nobody else's account. */
export class LargeMarathon implements AsyncDisposable {
  readonly url: string;
  /** Service port of the first app; the others follow. */
  readonly firstPort: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, told: { url: string; firstPort: number }) {
    this.#child = child;
    this.url = told.url;
    this.firstPort = told.firstPort;
  }

  static async start(options: LargeOptions): Promise<LargeMarathon> {
    const program = new URL("large-marathon-child.ts", import.meta.url).pathname;
    const child = spawn(process.execPath, [program, JSON.stringify(options)], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    child.on("error", () => undefined);
    const [told]: unknown[] = await once(child, "message");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what large-marathon-child.ts sends
    return new LargeMarathon(child, told as { url: string; firstPort: number });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, "close");
    this.#child.kill("SIGKILL");
    await gone;
  }
}
