import { connect } from "node:net";
import type { EmbeddedMarathon } from "../../src/demo/marathon/marathon.ts";
import { place } from "../support/marathon.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";

export interface MischiefOptions {
  readonly marathon: EmbeddedMarathon;
  /** The app whose replicas come and go. */
  readonly app: string;
  readonly port: number;
  readonly random: () => number;
}

interface Copy {
  readonly task: string;
  readonly replica: TcpReplica;
}

/** Things that go wrong in a cluster, one at a time: replicas that die, lists that lie, clients that misbehave. */
export class Mischief implements AsyncDisposable {
  readonly #options: MischiefOptions;
  #copies: Copy[] = [];

  constructor(options: MischiefOptions) {
    this.#options = options;
  }

  /** Starts with three replicas. */
  async begin(): Promise<void> {
    for (let copy = 0; copy < 3; copy += 1) await this.#launch();
  }

  /** Does one thing, and says which. */
  async next(): Promise<string> {
    const acts: (() => Promise<string>)[] = [
      () => this.#deploy(),
      () => this.#deploy(),
      () => this.#deploy(),
      () => this.#die(),
      () => this.#sicken(),
      () => this.#failLists(),
      () => this.#loseLists(),
      () => this.#silence(),
      () => this.#elect(),
      () => this.#rudeClients(),
      () => this.#rudeClients(),
    ];
    const act = acts[Math.floor(this.#options.random() * acts.length)];
    return act === undefined ? await this.#deploy() : await act();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { replica } of this.#copies) await replica[Symbol.asyncDispose]();
  }

  async #launch(): Promise<void> {
    const { marathon, app } = this.#options;
    const replica = await TcpReplica.start(named("churn"));
    this.#copies.push({ task: place(marathon, app, replica.port), replica });
  }

  /** A new replica comes, the oldest is told to go, and goes when it has drained. */
  async #deploy(): Promise<string> {
    await this.#launch();
    const oldest = this.#copies.shift();
    if (oldest !== undefined) {
      this.#options.marathon.setTask(oldest.task, { state: "TASK_KILLING" });
      await later(3000);
      this.#options.marathon.setTask(oldest.task, { state: "TASK_KILLED" });
      await oldest.replica[Symbol.asyncDispose]();
    }
    return "a replica was replaced";
  }

  /** A replica ends without a word; Marathon notices a second later. */
  async #die(): Promise<string> {
    await this.#launch();
    await later(1000);
    const victim = this.#copies.shift();
    await victim?.replica[Symbol.asyncDispose]();
    await later(1000);
    if (victim !== undefined) this.#options.marathon.setTask(victim.task, { state: "TASK_FAILED" });
    return "a replica died";
  }

  async #sicken(): Promise<string> {
    const [first] = this.#copies;
    if (first !== undefined) {
      this.#options.marathon.setHealth(first.task, false);
      await later(1000);
      this.#options.marathon.setHealth(first.task, true);
    }
    return "a replica was ill for a second";
  }

  async #failLists(): Promise<string> {
    const status = [500, 502, 503, 401, 429][Math.floor(this.#options.random() * 5)] ?? 500;
    return await this.#fault({ kind: "status", status }, `lists failed with ${status}`);
  }

  async #loseLists(): Promise<string> {
    const body = '{"apps":[]}';
    const fault = { kind: "status", status: 200, body, contentType: "application/json" } as const;
    return await this.#fault(fault, "a list was empty");
  }

  async #silence(): Promise<string> {
    const { marathon } = this.#options;
    marathon.setFault({ kind: "silent" });
    await later(3000);
    marathon.setFault(undefined);
    return "the event stream was silent";
  }

  async #elect(): Promise<string> {
    const member = Math.floor(this.#options.random() * this.#options.marathon.urls.length);
    await this.#options.marathon.electLeader(member, { gapMs: 300 });
    return `member ${member} was elected`;
  }

  async #fault(fault: Parameters<EmbeddedMarathon["setFault"]>[0], said: string): Promise<string> {
    const { marathon } = this.#options;
    marathon.setFault(fault, { path: /apps/ });
    await later(2000);
    marathon.setFault(undefined);
    return said;
  }

  /** Clients that say nothing, reset, or leave half-way. */
  async #rudeClients(): Promise<string> {
    for (let count = 0; count < 100; count += 1) {
      const socket = connect(this.#options.port, "127.0.0.1", () => {
        if (count % 3 === 0) socket.resetAndDestroy();
        else if (count % 3 === 1) socket.end();
        else socket.write("x");
      });
      socket.on("error", () => undefined);
      setTimeout(() => socket.resetAndDestroy(), 1000);
    }
    await later(1500);
    return "a hundred clients misbehaved";
  }
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
