import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

export interface ReplicaSurroundings {
  /** Address that it listens on. Default 127.0.0.1. */
  readonly host?: string;
  /** Command that starts it, as `ip netns exec NAME` does. */
  readonly within?: readonly string[];
}

/**
 * A replica in a process of its own, so that it can be killed or stopped as a whole. It says its name, then streams for
 * ever; one that speaks HTTP says it to every request, one that speaks SMTP greets with it, a sink says no more and
 * takes all it gets, one that pours says as much as is taken, and one that is deaf neither reads nor says anything.
 */
export class ReplicaProcess implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(
    name: string,
    kind: "stream" | "http" | "smtp" | "sink" | "pour" | "deaf" = "stream",
    { host = "127.0.0.1", within = [] }: ReplicaSurroundings = {},
  ): Promise<ReplicaProcess> {
    const program = new URL("replica-child.ts", import.meta.url).pathname;
    const command = [...within, process.execPath, program, name, kind, host];
    const child = spawn(command[0] ?? "", command.slice(1), {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    child.on("error", () => undefined);
    const [port]: unknown[] = await once(child, "message");
    if (typeof port !== "number") throw new Error("no port");
    return new ReplicaProcess(child, port);
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
