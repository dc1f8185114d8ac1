import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Visits } from "./one-by-one.ts";

/** A thread with a replica that echoes and one that speaks HTTP, and with clients of whatever stands before them. */
export class Visitor implements AsyncDisposable {
  readonly replicaPort: number;
  readonly httpReplicaPort: number;
  readonly #thread: Worker;

  private constructor(thread: Worker, replicaPort: number, httpReplicaPort: number) {
    this.#thread = thread;
    this.replicaPort = replicaPort;
    this.httpReplicaPort = httpReplicaPort;
  }

  static async start(): Promise<Visitor> {
    const thread = new Worker(new URL("./visitor-thread.ts", import.meta.url));
    const [ports]: unknown[] = await once(thread, "message");
    const [port, httpPort]: unknown[] = Array.isArray(ports) ? ports : [];
    if (typeof port !== "number" || typeof httpPort !== "number") throw new Error("no replica");
    return new Visitor(thread, port, httpPort);
  }

  /** Settles when all visits are over; rejects when one was cut. */
  async visit(visits: Visits): Promise<void> {
    const answered = once(this.#thread, "message");
    this.#thread.postMessage(visits);
    const [answer]: unknown[] = await answered;
    if (answer !== "visited") throw new Error(String(answer));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread.terminate();
  }
}
