import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import type { EmbeddedMarathon } from "../../src/demo/marathon/marathon.ts";
import type { Herd } from "./herd.ts";

export interface MischiefOptions {
  readonly marathon: EmbeddedMarathon;
  /** The apps whose replicas come and go. */
  readonly herds: readonly Herd[];
  /** A service port that rude clients come to by TCP, in the middle of these words. */
  readonly rudeTo: readonly { readonly port: number; readonly words: string }[];
  /** One that they send datagrams to, without waiting for an answer. */
  readonly rudeByDatagram: number;
  readonly random: () => number;
}

/** Things that go wrong in a cluster, one at a time: replicas that die, lists that lie, clients that misbehave. */
export class Mischief {
  readonly #options: MischiefOptions;

  constructor(options: MischiefOptions) {
    this.#options = options;
  }

  /** Does one thing, and says which. */
  async next(): Promise<string> {
    const { herds } = this.#options;
    const each = herds.flatMap((herd): (() => Promise<string>)[] => [
      () => herd.deploy(),
      () => herd.deploy(),
      () => herd.deploy(),
      () => herd.die(),
      () => herd.sicken(),
    ]);
    const once = [
      () => this.#failLists(),
      () => this.#loseLists(),
      () => this.#silence(),
      () => this.#elect(),
      () => this.#rudeClients(),
      () => this.#rudeClients(),
    ];
    // As often a replica of one of the apps as anything else.
    return await (this.#pick([0, 1]) === 0 ? this.#pick(each) : this.#pick(once))();
  }

  async #failLists(): Promise<string> {
    const status = this.#pick([500, 502, 503, 401, 429]);
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
    await wait(3000);
    marathon.setFault(undefined);
    return "the event stream was silent";
  }

  async #elect(): Promise<string> {
    const member = this.#pick([...this.#options.marathon.urls.keys()]);
    await this.#options.marathon.electLeader(member, { gapMs: 300 });
    return `member ${member} was elected`;
  }

  async #fault(fault: Parameters<EmbeddedMarathon["setFault"]>[0], said: string): Promise<string> {
    const { marathon } = this.#options;
    marathon.setFault(fault, { path: /apps/ });
    await wait(2000);
    marathon.setFault(undefined);
    return said;
  }

  /** Clients that say nothing, reset, leave half-way, or are gone before an answer comes. */
  async #rudeClients(): Promise<string> {
    const { rudeTo, rudeByDatagram } = this.#options;
    for (let count = 0; count < 100; count += 1) {
      const { port, words } = rudeTo[count % rudeTo.length] ?? { port: 1, words: "" };
      const socket = connect(port, "127.0.0.1", () => {
        if (count % 3 === 0) socket.resetAndDestroy();
        else if (count % 3 === 1) socket.end();
        else socket.write(words);
      });
      socket.on("error", () => undefined);
      setTimeout(() => socket.resetAndDestroy(), 1000);
    }
    for (let count = 0; count < 20; count += 1) {
      const socket = createSocket("udp4");
      socket.on("error", () => undefined);
      socket.send("nobody waits for this", rudeByDatagram, "127.0.0.1", () => socket.close());
    }
    await wait(1500);
    return "a hundred clients misbehaved";
  }

  #pick<T>(from: readonly T[]): T {
    const chosen = from[Math.floor(this.#options.random() * from.length)];
    if (chosen === undefined) throw new Error("nothing to choose from");
    return chosen;
  }
}
