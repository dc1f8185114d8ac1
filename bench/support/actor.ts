import { fileURLToPath } from "node:url";
import { Spawned, type SpawnOptions } from "./spawned.ts";

/** What an actor can be asked to do; the argument and the result cross a process border as JSON. */
interface Verb {
  // A method, since only those may take less than `unknown`: which verb gets which argument is known to the caller.
  verb(argument: unknown): unknown;
}

export type Verbs<V> = { readonly [K in keyof V]: Verb["verb"] };

interface Call {
  readonly id: number;
  readonly verb: string;
  readonly argument: unknown;
}

interface Reply {
  readonly id: number;
  /** JSON text, so that only the caller has to know its type. */
  readonly result: string;
  readonly error?: string;
}

/** The argument of a verb. */
type Argument<V, K extends keyof V> = V[K] extends (argument: infer A) => unknown ? A : undefined;
/** The awaited result of a verb. */
type Result<V, K extends keyof V> = V[K] extends (argument: never) => infer R ? Awaited<R> : never;

/** A process of the bench that does one part of a measurement as it is told, one call at a time or several. */
export class Actor<V extends Verbs<V>> implements AsyncDisposable {
  readonly #process: Spawned;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #calls = 0;

  private constructor(process: Spawned) {
    this.#process = process;
    process.child.on("message", (message) => {
      if (typeof message === "string") this.#heard(message);
    });
  }

  /** Starts a file of `actors/` with this Node. */
  static start<V extends Verbs<V>>(
    file: string,
    placement: Pick<SpawnOptions, "cpus" | "niceness">,
  ): Actor<V> {
    const path = fileURLToPath(new URL(`../actors/${file}`, import.meta.url));
    const options = { command: process.execPath, args: [path], hasChannel: true, ...placement };
    return new Actor<V>(new Spawned(options));
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Asks for one thing; rejects when that fails or the process ends. */
  async call<K extends keyof V & string>(verb: K, argument: Argument<V, K>): Promise<Result<V, K>> {
    this.#calls += 1;
    const call: Call = { id: this.#calls, verb, argument };
    const settled = new Promise<Result<V, K>>((resolve, reject) => {
      this.#waiting.set(call.id, ({ result, error }) => {
        if (error === undefined) resolve(JSON.parse(result));
        else reject(new Error(`${verb}: ${error}`));
      });
    });
    this.#process.child.send(JSON.stringify(call));
    return await this.#process.whileAlive(settled);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  #heard(message: string): void {
    const reply: Reply = JSON.parse(message);
    const settle = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    settle?.(reply);
  }
}

/** The other end of an Actor: answers calls until the channel closes. */
export function serveVerbs<V extends Verbs<V>>(verbs: V): void {
  const known = new Map<string, Verb["verb"]>(Object.entries(verbs));
  process.on("message", (message) => {
    if (typeof message === "string") void answer(known, JSON.parse(message));
  });
  // Whoever asked is gone: so is the reason to run.
  process.once("disconnect", () => process.exit(0));
}

async function answer(
  verbs: ReadonlyMap<string, Verb["verb"]>,
  { id, verb, argument }: Call,
): Promise<void> {
  let reply: Reply;
  try {
    const run = verbs.get(verb);
    if (run === undefined) throw new Error("no such verb");
    reply = { id, result: JSON.stringify((await run(argument)) ?? null) };
  } catch (error) {
    reply = { id, result: "null", error: error instanceof Error ? error.message : String(error) };
  }
  process.send?.(JSON.stringify(reply));
}
