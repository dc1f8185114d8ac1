import assert from "node:assert/strict";
import { eventually } from "./eventually.ts";
import { Program, type Surroundings } from "./program.ts";

interface ReplicaJson {
  readonly address: string;
  readonly state: string;
  readonly reason: string;
  readonly connections: number;
}

export interface ServiceJson {
  readonly app: string;
  readonly port: number;
  readonly listening: readonly string[];
  readonly replicas: readonly ReplicaJson[];
}

interface TableJson {
  readonly version: number;
  readonly services: readonly ServiceJson[];
  readonly draining?: readonly { readonly key: string; readonly connections: number }[];
}

export interface ProxySurroundings extends Surroundings {
  /** Default 127.0.0.1. */
  readonly statusHost?: string;
  /** Threads that the story kills. Default 0. */
  readonly crashes?: number;
}

/** Longest line of a log, in bytes. */
const mostLine = 8192;

/**
 * A proxy in its own process with its status port at hand. Whatever the story, when it is over no other thread may have died,
 * nothing may have gone unhandled, and no line of the log may be longer than is promised.
 */
export class RunningProxy extends Program {
  #status = "";
  #crashes = 0;

  /** Starts the program with a status port on a free port of `statusHost`; waits only until that answers. */
  static async start(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    { statusHost = "127.0.0.1", crashes = 0, ...surroundings }: ProxySurroundings = {},
  ): Promise<RunningProxy> {
    const proxy = new RunningProxy({
      args: ["run", "--status-endpoint", `${statusHost}:0`, ...args],
      env,
      ...surroundings,
    });
    proxy.#crashes = crashes;
    const started = await proxy.logged("started");
    proxy.#status = String(started["status"]);
    return proxy;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    const longest = Math.max(...this.stdout.split("\n").map((line) => Buffer.byteLength(line)));
    assert.ok(longest <= mostLine, `a log line of ${longest} bytes`);
    assert.doesNotMatch(this.stderr, /node:internal|uncaught|unhandled/i);
    assert.equal([...this.stdout.matchAll(/worker died and is replaced/g)].length, this.#crashes);
  }

  get statusPort(): number {
    return Number(this.#status.split(":").at(-1));
  }

  /** A GET unless `init` says otherwise. */
  async get(path: string, init?: RequestInit): Promise<Response> {
    const url = `http://${this.#status}${path}`;
    if (init !== undefined) return await fetch(url, init);
    try {
      return await fetch(url);
    } catch {
      // A kept connection may end just when it is used again; whoever has died fails once more.
      return await fetch(url);
    }
  }

  async text(path: string): Promise<string> {
    return await (await this.get(path)).text();
  }

  /** Waits until `/status` says OK. */
  async ready(): Promise<this> {
    await eventually(async () => (await this.text("/status")) === "OK\n", {
      withinMs: 20_000,
      what: "/status OK",
    });
    return this;
  }

  async table(): Promise<TableJson> {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own answer, asserted by the tests that use it
    return (await (await this.get("/api/table")).json()) as TableJson;
  }

  /** The service on this port once `check` holds for it. */
  service(
    port: number,
    check: (service: ServiceJson) => boolean = () => true,
  ): Promise<ServiceJson> {
    return eventually(
      async () => (await this.table()).services.find((one) => one.port === port && check(one)),
      { withinMs: 20_000, what: `service ${port}` },
    );
  }

  /** The value of a metric whose labels include these, or undefined. */
  async metric(
    name: string,
    labels: Readonly<Record<string, string>> = {},
  ): Promise<number | undefined> {
    const lines = (await this.text("/metrics")).split("\n");
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    const line = lines.find(
      (text) =>
        (text.startsWith(`${name}{`) || text.startsWith(`${name} `)) &&
        wanted.every((part) => text.includes(part)),
    );
    return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(" ") + 1));
  }
}
