import type { Address } from "../../src/model/address.ts";
import type { LoadVerbs, MarathonVerbs, ReplicaPort, ReplicaVerbs } from "../actors/verbs.ts";
import { Actor } from "./actor.ts";
import type { Cpus } from "./cpus.ts";
import { type Portolan, startPortolan } from "./portolan.ts";
import type { Program } from "./program.ts";

export interface StageOptions {
  readonly cpus: Cpus;
  readonly program: Program;
  /** Ports that answer, each with a number of its own. */
  readonly replicas: number;
  /** How far Marathon stands back for load and replicas, 0–19. Default 19. */
  readonly niceness?: number;
}

/** Everything around one running portolan, each part a process: replicas, load generator, Marathon and the program. */
export class Stage implements AsyncDisposable {
  readonly load: Actor<LoadVerbs>;
  readonly marathon: Actor<MarathonVerbs>;
  readonly replicas: readonly ReplicaPort[];
  /** For replicas that do something else than answer. */
  readonly replicaProcess: Actor<ReplicaVerbs>;
  readonly #options: StageOptions;
  readonly #owned: AsyncDisposableStack;

  private constructor(
    options: StageOptions,
    parts: Pick<Stage, "load" | "marathon" | "replicas" | "replicaProcess">,
    owned: AsyncDisposableStack,
  ) {
    this.#options = options;
    this.load = parts.load;
    this.marathon = parts.marathon;
    this.replicas = parts.replicas;
    this.replicaProcess = parts.replicaProcess;
    this.#owned = owned;
  }

  /** Everything but the program, which is started when Marathon has been filled. */
  static async open(options: StageOptions): Promise<Stage> {
    await using owned = new AsyncDisposableStack();
    const { rest } = options.cpus;
    const replicaProcess = owned.use(Actor.start<ReplicaVerbs>("replicas.ts", { cpus: rest }));
    const load = owned.use(Actor.start<LoadVerbs>("load.ts", { cpus: rest }));
    // A Marathon runs on machines of its own; here it must not take the processor from load and replicas.
    const place = { cpus: rest, niceness: options.niceness ?? 19 };
    const marathon = owned.use(Actor.start<MarathonVerbs>("marathon.ts", place));
    const replicas = await replicaProcess.call("open", { count: options.replicas });
    return new Stage(options, { load, marathon, replicas, replicaProcess }, owned.move());
  }

  /** The `index`-th replica; the first has index 0. */
  replica(index: number): ReplicaPort {
    const replica = this.replicas[index % this.replicas.length];
    if (replica === undefined) throw new Error("a stage without replicas");
    return replica;
  }

  /** Starts the program in front of this Marathon; it ends with the stage. */
  async startPortolan(flags: readonly string[] = []): Promise<Portolan> {
    const { program, cpus } = this.#options;
    const marathon = await this.marathon.call("open", undefined);
    return this.#owned.use(await startPortolan({ program, marathon, cpus: cpus.proxy, flags }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

/** Where a replica answers without a proxy. */
export function addressOf({ port }: ReplicaPort): Address {
  return { host: "127.0.0.1", port };
}
