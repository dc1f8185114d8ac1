import { Forked } from "../support/forked.ts";

export interface CrowdOptions {
  readonly port: number;
  readonly host?: string;
  /** How many come; without an end for Infinity. */
  readonly count: number;
  /** What each says at first. Default nothing. */
  readonly say?: Buffer | undefined;
  /** Time between single bytes that each says afterwards, in ms. Default never. */
  readonly dripMs?: number;
  /** Nobody reads. Default false. */
  readonly deaf?: boolean;
  /** Nobody stays: each leaves once connected, every second one by a reset. Default false. */
  readonly hasty?: boolean;
  /** Another one comes only when one is gone, 200 being there at most. Default false: all that are connected stay. */
  readonly inTurn?: boolean;
  /** So many come in a second at most. Default as many as can. */
  readonly perSecond?: number;
  /** How long each reads, in ms; from then on it takes nothing more. Default always. */
  readonly readMs?: number;
  /** Each says as much as is taken. Default false. */
  readonly pushes?: boolean;
  /** Further ports, which are taken in turn. Default none. */
  readonly others?: readonly number[];
  /** The loopback address they come from; choosing one costs time at each. Default: what the kernel takes. */
  readonly from?: string | undefined;
}

/** How the clients of a crowd fare. */
export interface Faring {
  readonly connected: number;
  /** Those that have heard something. */
  readonly greeted: number;
  readonly closed: number;
  /** How long the connections lasted that are closed, in ms; 0 while none is. */
  readonly shortestMs: number;
  readonly longestMs: number;
  /** Errors by code. */
  readonly errors: Readonly<Record<string, number>>;
}

/** Thousands of clients in a process of their own. */
export class Crowd implements AsyncDisposable {
  readonly #child: Forked;

  private constructor(child: Forked) {
    this.#child = child;
  }

  static async gather(options: CrowdOptions): Promise<Crowd> {
    const program = new URL("crowd-child.ts", import.meta.url);
    const { say = Buffer.alloc(0), ...rest } = options;
    const told = JSON.stringify({ ...rest, say: say.toString("hex") });
    return new Crowd(await Forked.start(program, [told]));
  }

  async faring(): Promise<Faring> {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what crowd-child.ts sends
    return (await this.#child.ask("how are you")) as Faring;
  }

  /** All leave; settles when the process is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.kill();
  }
}
