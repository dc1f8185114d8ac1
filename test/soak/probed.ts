import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/** What the probed have seen since they were asked before. */
export interface Seen {
  readonly accepted: number;
  /** Connections that were open at the same time. */
  readonly mostOpen: number;
  /** Connections that came in each tenth of a second, the tenths without one included. */
  readonly tenths: readonly number[];
}

/** A replica in a process of its own that is there on every address of loopback, and notes when it is asked. */
export class Probed implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(): Promise<Probed> {
    const program = new URL("probed-child.ts", import.meta.url).pathname;
    const child = spawn(process.execPath, [program], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    child.on("error", () => undefined);
    const [port]: unknown[] = await once(child, "message");
    if (typeof port !== "number") throw new Error("no port");
    return new Probed(child, port);
  }

  async seen(): Promise<Seen> {
    const answer = once(this.#child, "message");
    this.#child.send("what have you seen");
    const [seen]: unknown[] = await answer;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what probed-child.ts sends
    return seen as Seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, "close");
    this.#child.kill("SIGKILL");
    await gone;
  }
}
