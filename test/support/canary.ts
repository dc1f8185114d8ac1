import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { toRoute, type EngineFixture } from "./engine-fixture.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { TcpClient } from "./tcp-client.ts";
import { echo, TcpReplica } from "./tcp-replica.ts";

/** Time between two connections, in ms. */
const everyMs = 20;
/** A connection that has not ended by then never will, however busy the machine is; in ms. */
const longestMs = 30_000;

/** A steady trickle of connections to a port behind which bytes come back: none of them may fail (I5). */
export class Song implements AsyncDisposable {
  readonly #port: number;
  readonly #host: string;
  readonly #run: Promise<void>;
  readonly #failures: string[] = [];
  #served = 0;
  #stopped = false;
  #isHushed = false;

  constructor(port: number, host = "127.0.0.1") {
    this.#port = port;
    this.#host = host;
    this.#run = this.#sing();
  }

  get served(): number {
    return this.#served;
  }

  /** How connections failed, one text each. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  /** Makes no connection more, and does not mind how the last one ends. */
  hush(): void {
    this.#stopped = true;
    this.#isHushed = true;
  }

  /** Stops, and fails if a connection failed or none was made. */
  async assertWell(): Promise<void> {
    await this[Symbol.asyncDispose]();
    assert.deepEqual(this.#failures, [], "the canary's failures");
    assert.ok(this.#served > 0, "the canary was never served");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#run;
  }

  async #sing(): Promise<void> {
    do {
      await using client = new TcpClient(this.#port, this.#host);
      client.socket.end("tweet");
      const isOver = await eventually(() => client.closed, { withinMs: longestMs }).catch(
        () => false,
      );
      if (isOver && client.text === "tweet" && client.error === undefined) this.#served += 1;
      else if (!this.#isHushed) this.#failures.push(failureOf(client, isOver));
      await wait(everyMs);
    } while (!this.#stopped);
  }
}

function failureOf({ error, text }: TcpClient, isOver: boolean): string {
  return `${error?.code ?? (isOver ? "no error" : "no end")} after "${text}"`;
}

/**
 * A service of its own on the same engine, with its own replica and a song of its own, which nothing that happens to
 * its neighbours may disturb.
 */
export class Canary implements AsyncDisposable {
  readonly #proxy: EngineFixture;
  readonly #replica: TcpReplica;
  readonly #port: number;
  readonly #song: Song;

  private constructor(proxy: EngineFixture, replica: TcpReplica, port: number) {
    this.#proxy = proxy;
    this.#replica = replica;
    this.#port = port;
    this.#song = new Song(port);
  }

  static async start(proxy: EngineFixture): Promise<Canary> {
    const replica = await TcpReplica.start(echo);
    const port = await freePort();
    const route = toRoute(port, [replica.port]);
    const replicas = route.replicas.map((each) => ({ ...each, row: 60 }));
    await proxy.engine.apply([{ kind: "set", route: { ...route, row: 2, replicas } }]);
    return new Canary(proxy, replica, port);
  }

  /** Stops, and fails if a connection failed or none was made. */
  async assertWell(): Promise<void> {
    await this.#song.assertWell();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#song[Symbol.asyncDispose]();
    await this.#proxy.engine.apply([{ kind: "remove", key: `tcp/${this.#port}` }]);
    await this.#replica[Symbol.asyncDispose]();
  }
}
