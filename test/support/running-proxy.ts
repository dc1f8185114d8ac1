import { eventually } from "./eventually.ts";
import { Program, type Surroundings } from "./program.ts";
import type { Allowances } from "./program-baseline.ts";
import type { ServiceJson, StatusPort, TableJson } from "./status-port.ts";

export interface ProxySurroundings extends Surroundings, Allowances {
  /** Default 127.0.0.1. */
  readonly statusHost?: string;
}

/** A proxy in its own process with its status port at hand. */
export class RunningProxy extends Program {
  /** Starts the program with a status port on a free port of `statusHost`; waits only until that answers. */
  static async start(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    { statusHost = "127.0.0.1", ...surroundings }: ProxySurroundings = {},
  ): Promise<RunningProxy> {
    const proxy = new RunningProxy({
      args: ["run", "--status-endpoint", `${statusHost}:0`, ...args],
      env,
      ...surroundings,
    });
    await proxy.logged("started");
    return proxy;
  }

  override get status(): StatusPort {
    const status = super.status;
    if (status === undefined) throw new Error("the status port is not open");
    return status;
  }

  get statusPort(): number {
    return this.status.port;
  }

  /** A GET unless `init` says otherwise. */
  get(path: string, init?: RequestInit): Promise<Response> {
    return this.status.get(path, init);
  }

  text(path: string): Promise<string> {
    return this.status.text(path);
  }

  /** Waits until `/status` says OK. */
  async ready(): Promise<this> {
    await eventually(async () => (await this.text("/status")) === "OK\n", {
      withinMs: 20_000,
      what: "/status OK",
    });
    await this.settled();
    return this;
  }

  table(): Promise<TableJson> {
    return this.status.table();
  }

  /** The service on this port once `check` holds for it. */
  async service(
    port: number,
    check: (service: ServiceJson) => boolean = () => true,
  ): Promise<ServiceJson> {
    const found = await eventually(
      async () => (await this.table()).services.find((one) => one.port === port && check(one)),
      { withinMs: 20_000, what: `service ${port}` },
    );
    await this.settled();
    return found;
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
