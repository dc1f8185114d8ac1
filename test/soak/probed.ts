import { Forked } from "../support/forked.ts";

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
  readonly #child: Forked;

  private constructor(child: Forked, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(): Promise<Probed> {
    const child = await Forked.start(new URL("probed-child.ts", import.meta.url));
    if (typeof child.told !== "number") throw new Error("no port");
    return new Probed(child, child.told);
  }

  async seen(): Promise<Seen> {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what probed-child.ts sends
    return (await this.#child.ask("what have you seen")) as Seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.kill();
  }
}
