import { Forked } from "../support/forked.ts";

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
  readonly #child: Forked;

  private constructor(child: Forked, told: { url: string; firstPort: number }) {
    this.#child = child;
    this.url = told.url;
    this.firstPort = told.firstPort;
  }

  static async start(options: LargeOptions): Promise<LargeMarathon> {
    const program = new URL("large-marathon-child.ts", import.meta.url);
    const child = await Forked.start(program, [JSON.stringify(options)]);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what large-marathon-child.ts sends
    return new LargeMarathon(child, child.told as { url: string; firstPort: number });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.kill();
  }
}
