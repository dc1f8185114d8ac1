import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

export interface Flood {
  readonly perSecond: number;
  readonly seconds: number;
}

/** What came of a flood. */
export interface Flooded {
  /** Events. */
  readonly said: number;
  /** How often apps were read meanwhile, all of them or one. */
  readonly reads: number;
  /** How often an event stream was opened meanwhile. */
  readonly streams: number;
}

/** A Marathon in a process of its own that can send tens of thousands of events a second. */
export class FloodingMarathon implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  static async start(): Promise<FloodingMarathon> {
    const program = new URL("flooding-marathon-child.ts", import.meta.url).pathname;
    const child = spawn(process.execPath, [program], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    child.on("error", () => undefined);
    const [url]: unknown[] = await once(child, "message");
    return new FloodingMarathon(child, String(url));
  }

  async flood(wanted: Flood): Promise<Flooded> {
    const answer = once(this.#child, "message");
    this.#child.send(wanted);
    const [flooded]: unknown[] = await answer;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what flooding-marathon-child.ts sends
    return flooded as Flooded;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, "close");
    this.#child.kill("SIGKILL");
    await gone;
  }
}
