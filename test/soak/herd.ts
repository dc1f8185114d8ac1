import { setTimeout as wait } from "node:timers/promises";
import type { EmbeddedMarathon } from "../../src/demo/marathon/marathon.ts";

/** A replica of any kind, on a port of loopback. */
interface AnyReplica extends AsyncDisposable {
  readonly port: number;
}

export interface HerdOptions {
  readonly marathon: EmbeddedMarathon;
  readonly id: string;
  /** The service port. */
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  /** Default none. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly start: () => Promise<AnyReplica>;
}

interface Copy {
  readonly task: string;
  readonly replica: AnyReplica;
}

/** An app whose replicas come and go: three at all times, and a fourth while one is replaced. */
export class Herd implements AsyncDisposable {
  /** Replicas that ended without a word. */
  deaths = 0;
  readonly #options: HerdOptions;
  readonly #copies: Copy[] = [];

  private constructor(options: HerdOptions) {
    this.#options = options;
  }

  static async gather(options: HerdOptions): Promise<Herd> {
    const { marathon, id, port, protocol, labels = {} } = options;
    const portDefinitions = [{ port, protocol, labels }];
    marathon.putApp({ id, instances: 3, networks: [{ mode: "host" }], portDefinitions });
    const herd = new Herd(options);
    for (let copy = 0; copy < 3; copy += 1) await herd.#launch();
    return herd;
  }

  get port(): number {
    return this.#options.port;
  }

  /** A new replica comes, the oldest is told to go, and goes when it has drained. */
  async deploy(): Promise<string> {
    await this.#launch();
    const oldest = this.#copies.shift();
    if (oldest !== undefined) {
      this.#options.marathon.setTask(oldest.task, { state: "TASK_KILLING" });
      await wait(3000);
      this.#options.marathon.setTask(oldest.task, { state: "TASK_KILLED" });
      await oldest.replica[Symbol.asyncDispose]();
    }
    return `a replica of ${this.#options.id} was replaced`;
  }

  /** A replica ends without a word; Marathon notices a second later. */
  async die(): Promise<string> {
    await this.#launch();
    await wait(1000);
    const victim = this.#copies.shift();
    this.deaths += 1;
    await victim?.replica[Symbol.asyncDispose]();
    await wait(1000);
    if (victim !== undefined) this.#options.marathon.setTask(victim.task, { state: "TASK_FAILED" });
    return `a replica of ${this.#options.id} died`;
  }

  async sicken(): Promise<string> {
    const [first] = this.#copies;
    if (first !== undefined) {
      this.#options.marathon.setHealth(first.task, false);
      await wait(1000);
      this.#options.marathon.setHealth(first.task, true);
    }
    return `a replica of ${this.#options.id} was ill for a second`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { replica } of this.#copies) await replica[Symbol.asyncDispose]();
  }

  async #launch(): Promise<void> {
    const { marathon, id, start } = this.#options;
    const replica = await start();
    const { id: task } = marathon.addTask(id, {
      host: "127.0.0.1",
      ports: [replica.port],
      health: true,
    });
    this.#copies.push({ task, replica });
  }
}
