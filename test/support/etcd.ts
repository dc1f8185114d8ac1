import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";

import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

/** Why tests with a real etcd are skipped; false when there is one. */
export const etcdMissing: string | false =
  spawnSync("etcd", ["--version"]).status === 0 ? false : "needs Debian's package etcd-server";

/** A real etcd with one member and both versions of its API, on free loopback ports. */
export class Etcd implements AsyncDisposable {
  readonly port: number;
  readonly #folder: TemporaryFolder;
  readonly #peerPort: number;
  #process: ChildProcess;

  private constructor(folder: TemporaryFolder, ports: readonly [number, number]) {
    [this.port, this.#peerPort] = ports;
    this.#folder = folder;
    this.#process = this.#spawn();
  }

  static async start(): Promise<Etcd> {
    const etcd = new Etcd(new TemporaryFolder(), [await freePort(), await freePort()]);
    await etcd.#ready();
    return etcd;
  }

  /** Writes a key of version 2, with a time to live when one is given. */
  async set(key: string, value: string, ttlSeconds?: number): Promise<void> {
    const body = new URLSearchParams({ value });
    if (ttlSeconds !== undefined) body.set("ttl", String(ttlSeconds));
    await this.#fetch(`/v2/keys${key}`, { method: "PUT", body });
  }

  async delete(key: string): Promise<void> {
    await this.#fetch(`/v2/keys${key}?recursive=true`, { method: "DELETE" });
  }

  /** One call of the JSON gateway of version 3; texts are given in base64. */
  async call(path: string, body: object): Promise<unknown> {
    return await (await this.#fetch(path, { method: "POST", body: JSON.stringify(body) })).json();
  }

  async set3(key: string, value: string): Promise<void> {
    await this.call("/v3/kv/put", { key: base64(key), value: base64(value) });
  }

  async delete3(key: string): Promise<void> {
    await this.call("/v3/kv/deleterange", { key: base64(key) });
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill("SIGKILL");
    await once(this.#process, "exit");
  }

  /** Starts it again with what it knew. */
  async restart(): Promise<void> {
    await this.stop();
    this.#process = this.#spawn();
    await this.#ready();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#folder[Symbol.dispose]();
  }

  #spawn(): ChildProcess {
    const client = `http://127.0.0.1:${this.port}`;
    const peer = `http://127.0.0.1:${this.#peerPort}`;
    const args = [
      ["--name", "one"],
      ["--data-dir", this.#folder.file("data")],
      ["--enable-v2"],
      ["--listen-client-urls", client, "--advertise-client-urls", client],
      ["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer],
      ["--initial-cluster", `one=${peer}`],
    ].flat();
    const child = spawn("etcd", args, {
      stdio: "ignore",
    });
    child.on("error", () => {});
    return child;
  }

  async #ready(): Promise<void> {
    await eventually(() => this.#isHealthy(), { withinMs: 30_000, what: "a healthy etcd" });
  }

  async #isHealthy(): Promise<boolean> {
    try {
      return (await (await this.#fetch("/health", {})).text()).includes("true");
    } catch {
      // Refused until it listens.
      return false;
    }
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, init);
    if (!response.ok) throw new Error(`etcd: ${response.status} ${await response.text()}`);
    return response;
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
