import type { TcpReplica } from "./tcp-replica.ts";
import { freePort } from "./free-port.ts";
import { Program } from "./program.ts";
import { RunningProxy } from "./running-proxy.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

/** A service as a file lists it; a free port unless one is given. */
export interface StagedService {
  readonly app: string;
  readonly port?: number;
  readonly replicas: readonly (TcpReplica | string)[];
}

/** How often replicas are probed. */
const quick = ["--check-interval", "200ms", "--check-fast-interval", "100ms", "--check-fall", "2"];

/** A program that serves one app without replicas, with its status port where another one's was, as `host:port`. */
export function successor(status: string, folder: TemporaryFolder): Program {
  const services = [{ app: "/successor", port: 1, replicas: [] }];
  folder.replace("services.json", JSON.stringify({ services }));
  return new Program({
    args: ["run", "--status-endpoint", status, "--file", folder.file("services.json")],
  });
}

/** A running program that serves what a file lists, with quick probes unless told otherwise. */
export class DashboardStage implements AsyncDisposable {
  readonly proxy: RunningProxy;
  /** By app. */
  readonly ports: ReadonlyMap<string, number>;
  /** Of the status port, with a slash at its end. */
  readonly url: string;
  readonly #folder: TemporaryFolder;

  private constructor(
    parts: Pick<DashboardStage, "proxy" | "ports" | "url">,
    folder: TemporaryFolder,
  ) {
    this.proxy = parts.proxy;
    this.ports = parts.ports;
    this.url = parts.url;
    this.#folder = folder;
  }

  static async start(
    services: readonly StagedService[],
    pace: readonly string[] = quick,
  ): Promise<DashboardStage> {
    const folder = new TemporaryFolder();
    const placed = await Promise.all(
      services.map(async ({ app, port, replicas }) => ({
        app,
        port: port ?? (await freePort()),
        replicas: replicas.map((one) => (typeof one === "string" ? one : `127.0.0.1:${one.port}`)),
      })),
    );
    folder.replace("services.json", JSON.stringify({ services: placed }));
    // Losing half of a few replicas is what these tests do; it must not be doubted.
    const flags = ["--file", folder.file("services.json"), "--no-shrink-guard", ...pace];
    const canary = "none: pages and pictures show every service there is";
    const proxy = await RunningProxy.start(flags, {}, { canary });
    const ports = new Map(placed.map(({ app, port }) => [app, port]));
    const url = new URL("/", (await proxy.get("/ping")).url).href;
    const stage = new DashboardStage({ proxy, ports, url }, folder);
    try {
      await proxy.ready();
      return stage;
    } catch (error) {
      await stage[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The service port of an app. */
  port(app: string): number {
    const port = this.ports.get(app);
    if (port === undefined) throw new Error(`no such app: ${app}`);
    return port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}
