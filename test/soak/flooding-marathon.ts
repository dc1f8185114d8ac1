import { Forked } from "../support/forked.ts";

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
  readonly #child: Forked;

  private constructor(child: Forked) {
    this.#child = child;
    this.url = String(child.told);
  }

  static async start(): Promise<FloodingMarathon> {
    const program = new URL("flooding-marathon-child.ts", import.meta.url);
    return new FloodingMarathon(await Forked.start(program));
  }

  async flood(wanted: Flood): Promise<Flooded> {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what flooding-marathon-child.ts sends
    return (await this.#child.ask(wanted)) as Flooded;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.kill();
  }
}
