import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { aloneWithShares } from "./alone.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { Program, type ProgramOptions } from "./program.ts";
import { echo, TcpReplica } from "./tcp-replica.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

export interface LineageOptions {
  /** Threads that forward in each generation; default 1. */
  readonly workers?: number;
  /** Where the service listens; default a free port. */
  readonly port?: number;
}

/** One service of the file. */
interface ListedService {
  readonly app: string;
  readonly port: number;
  /** Default tcp. */
  readonly protocol?: "udp";
  /** The port of its replica; default that of the echoing one. */
  readonly replica?: number;
}

/** One portolan after another on the same ports, in front of one echoing replica that a file lists. */
export class Lineage implements AsyncDisposable {
  readonly folder: TemporaryFolder = new TemporaryFolder();
  readonly replica: TcpReplica;
  readonly port: number;
  readonly statusPort: number;
  readonly #workers: number;
  readonly #owned = new AsyncDisposableStack();
  #alone: AsyncDisposable | undefined;

  private constructor(replica: TcpReplica, ports: readonly [number, number], workers: number) {
    this.#owned.use(this.folder);
    this.replica = this.#owned.use(replica);
    [this.port, this.statusPort] = ports;
    this.#workers = workers;
  }

  static async open({ workers = 1, port }: LineageOptions = {}): Promise<Lineage> {
    const alone = await aloneWithShares();
    const replica = await TcpReplica.start(echo);
    const ports = [port ?? (await freePort()), await freePort()] as const;
    const lineage = new Lineage(replica, ports, workers);
    // Others may come once all of ours have gone.
    lineage.#alone = alone;
    lineage.list([{ app: "/web", port: lineage.port }]);
    return lineage;
  }

  /** What the file lists, from now on. */
  list(services: readonly ListedService[]): void {
    const listed = services.map(({ replica = this.replica.port, ...service }) => {
      return { ...service, replicas: [`127.0.0.1:${replica}`] };
    });
    writeFileSync(this.folder.file("services.json"), JSON.stringify({ services: listed }));
  }

  get socket(): string {
    return this.folder.file("takeover.sock");
  }

  /** Starts the next one; flags that are given win over the usual ones. */
  start(
    flags: Readonly<Record<string, string>> = {},
    options: Partial<ProgramOptions> = {},
  ): Program {
    const all = {
      file: this.folder.file("services.json"),
      takeover: this.socket,
      "status-endpoint": `127.0.0.1:${this.statusPort}`,
      workers: String(this.#workers),
      ...flags,
    };
    const args = ["run", ...Object.entries(all).map(([name, value]) => `--${name}=${value}`)];
    // Where it is to take over it does not say where its status port will be.
    const status = all["status-endpoint"];
    return this.#owned.use(new Program({ status, ...options, args }));
  }

  /** The first one, once it serves. */
  async first(flags: Readonly<Record<string, string>> = {}): Promise<Program> {
    const program = this.start(flags);
    await eventually(async () => (await this.status()) === "200 OK\n", {
      withinMs: 20_000,
      what: `the first portolan is ready (have: ${program.stdout}${program.stderr})`,
    });
    await program.settled();
    return program;
  }

  /** The next one, once it has taken over. */
  async next(flags: Readonly<Record<string, string>> = {}): Promise<Program> {
    const program = this.start(flags);
    await program.logged("took over");
    return program;
  }

  /** What `/status` says, on a connection of its own; why it could not be asked, if so. */
  status(path: string = "/status"): Promise<string> {
    return new Promise((resolve) => {
      const asked = request(
        { host: "127.0.0.1", port: this.statusPort, path, agent: false, timeout: 5000 },
        (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (chunk: string) => {
            text += chunk;
          });
          response.on("error", (error) => resolve(error.message));
          response.on("end", () => resolve(`${response.statusCode} ${text}`));
        },
      );
      asked.on("timeout", () => asked.destroy(new Error("timeout")));
      asked.on("error", (error) => resolve(error.message));
      asked.end();
    });
  }

  /** All end, the newest first. */
  async [Symbol.asyncDispose](): Promise<void> {
    await using _ = this.#alone;
    await this.#owned.disposeAsync();
  }
}
