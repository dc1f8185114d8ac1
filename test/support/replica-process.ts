import { Forked } from "./forked.ts";

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
  readonly #child: Forked;

  private constructor(child: Forked, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(
    name: string,
    kind: "stream" | "http" | "smtp" | "sink" | "pour" | "deaf" = "stream",
    { host = "127.0.0.1", within = [] }: ReplicaSurroundings = {},
  ): Promise<ReplicaProcess> {
    const program = new URL("replica-child.ts", import.meta.url);
    const child = await Forked.start(program, [name, kind, host], within);
    if (typeof child.told !== "number") throw new Error("no port");
    return new ReplicaProcess(child, child.told);
  }

  signal(name: "SIGSTOP" | "SIGCONT"): void {
    this.#child.signal(name);
  }

  /** Ends it as `kill -9` does, and waits until it is gone. */
  async kill(): Promise<void> {
    await this.#child.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
