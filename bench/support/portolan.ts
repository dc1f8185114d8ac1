import { noteLaunch } from "./launches.ts";
import { freePort } from "./ports.ts";
import type { Program } from "./program.ts";
import { Spawned } from "./spawned.ts";
import { until } from "./until.ts";

export interface PortolanOptions {
  readonly program: Program;
  /** URL of Marathon; default none, where flags name another source. */
  readonly marathon?: string;
  readonly cpus: string | undefined;
  /** Further flags; default none. */
  readonly flags?: readonly string[];
}

/** How the source says it is doing. */
export interface SyncFigures {
  readonly syncs: number;
  readonly lastMs: number;
}

/** What of `/api/table` is looked at here. */
interface TableView {
  readonly version: number;
  readonly services: readonly {
    readonly port: number;
    readonly listening: readonly string[];
    readonly replicas: readonly { readonly address: string; readonly state: string }[];
  }[];
}

/** What of `/api/sources` is looked at here. */
interface SourceView {
  readonly syncs: number;
  readonly lastSyncDurationMs?: number;
}

/** How the README says that the program is to be started. */
const runtimeFlags = ["--single-threaded-gc"];

/** Starts the program and waits until it serves a complete table. */
export async function startPortolan(options: PortolanOptions): Promise<Portolan> {
  const { program, marathon, cpus, flags = [] } = options;
  const status = `127.0.0.1:${await freePort()}`;
  const source = marathon === undefined ? [] : ["--marathon", marathon];
  const surface = ["--status-endpoint", status, "--log-level", "warn"];
  const args = [program.entry, "run", ...source, ...surface, ...flags];
  const started = { command: globalThis.process.execPath, args: [...runtimeFlags, ...args] };
  noteLaunch({ ...started, name: "portolan" });
  const process = new Spawned({ ...started, cpus });
  const portolan = new Portolan(process, `http://${status}`);
  try {
    await portolan.ready();
  } catch (error) {
    await portolan[Symbol.asyncDispose]();
    throw error;
  }
  return portolan;
}

/** The program as a process, seen from outside. */
export class Portolan implements AsyncDisposable {
  readonly #process: Spawned;
  readonly #status: string;

  constructor(process: Spawned, status: string) {
    this.#process = process;
    this.#status = status;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** What it has logged last; warnings and errors only. */
  get said(): string {
    return this.#process.tail.trim();
  }

  async ready(): Promise<void> {
    const isReady = async (): Promise<boolean> => (await this.#get("/status")) === "OK\n";
    const what = "portolan serves a first table";
    await this.#process.whileAlive(until(isReady, { what, withinMs: 60_000 }));
  }

  /** Settles when a service port is bound, `host:port`. */
  async listening(address: string): Promise<void> {
    const isBound = async (): Promise<boolean> => {
      const { services } = await this.#table();
      return services.some(({ listening }) => listening.includes(address));
    };
    await this.#process.whileAlive(until(isBound, { what: `portolan listens at ${address}` }));
  }

  /** The addresses of the replicas of a service port that are up. */
  async upAt(servicePort: number): Promise<readonly string[]> {
    const { services } = await this.#table();
    const replicas = services.find(({ port }) => port === servicePort)?.replicas ?? [];
    return replicas.filter(({ state }) => state === "up").map(({ address }) => address);
  }

  /** The number of the table that is served now. */
  async tableVersion(): Promise<number> {
    return (await this.#table()).version;
  }

  /** Has every source read in full, as an operator would; those asked for during one look are one more. */
  resync(): void {
    process.kill(this.pid, "SIGHUP");
  }

  async syncs(): Promise<SyncFigures> {
    const sources: readonly SourceView[] = JSON.parse(await this.#mustGet("/api/sources"));
    const [source] = sources;
    return { syncs: source?.syncs ?? 0, lastMs: source?.lastSyncDurationMs ?? 0 };
  }

  /** The sum of all samples of a metric. */
  async metric(name: string): Promise<number> {
    const lines = (await this.#mustGet("/metrics")).split("\n");
    return lines
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  async #table(): Promise<TableView> {
    const table: TableView = JSON.parse(await this.#mustGet("/api/table"));
    return table;
  }

  async #mustGet(path: string): Promise<string> {
    const text = await this.#process.whileAlive(this.#get(path));
    if (text === undefined) throw new Error(`portolan does not answer ${path}`);
    return text;
  }

  /** Undefined when nobody answers yet. */
  async #get(path: string): Promise<string | undefined> {
    try {
      const answer = await fetch(`${this.#status}${path}`);
      return await answer.text();
    } catch {
      // Not listening yet, or gone: whoever waits for it says so in the end.
      return undefined;
    }
  }
}
