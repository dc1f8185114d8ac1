import { eventually } from "./eventually.ts";
import { Program, type Surroundings } from "./program.ts";
import { ProgramCanary } from "./program-canary.ts";
import type { Allowances } from "./program-baseline.ts";
import type { ServiceJson, StatusPort, TableJson } from "./status-port.ts";

export interface ProxySurroundings extends Surroundings, Allowances {
  /** Default 127.0.0.1. */
  readonly statusHost?: string;
  /** Why no canary can sing in this story. Default: one does. */
  readonly canary?: `none: ${string}`;
}

/**
 * A proxy in its own process with its status port at hand. A canary sings in it (I5), of which its table and its metrics
 * show nothing here; whole pages of it do.
 */
export class RunningProxy extends Program {
  #canary: ProgramCanary | undefined;

  /** Starts the program with a status port on a free port of `statusHost`; waits only until that answers. */
  static async start(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    { statusHost = "127.0.0.1", canary, ...surroundings }: ProxySurroundings = {},
  ): Promise<RunningProxy> {
    await using owned = new AsyncDisposableStack();
    const bird = canary === undefined ? owned.use(await ProgramCanary.hatch(args)) : undefined;
    const own = ["run", "--status-endpoint", `${statusHost}:0`];
    const proxy = new RunningProxy({
      args: [...own, ...args, ...(bird?.args ?? [])],
      env,
      ...surroundings,
    });
    proxy.#canary = bird;
    await proxy.logged("started");
    owned.move();
    return proxy;
  }

  /** Undefined in a story that has none. */
  get canary(): ProgramCanary | undefined {
    return this.#canary;
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

  /** What it is settled with is noted before the canary begins. */
  override async settled(): Promise<void> {
    await super.settled();
    await this.#canary?.begin(this.status);
  }

  override async assertHeld(): Promise<void> {
    const look = (): Promise<void> => super.assertHeld();
    await (this.#canary === undefined ? look() : this.#canary.pausing(look));
  }

  protected override expectEnd(): void {
    super.expectEnd();
    this.#canary?.hush();
  }

  /** Without the canary. */
  async table(): Promise<TableJson> {
    const { services, ...rest } = await this.status.table();
    return { ...rest, services: services.filter((one) => this.#canary?.isAt(one) !== true) };
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

  /** The value of a metric whose labels include these, or undefined; the canary's own are not looked at. */
  async metric(
    name: string,
    labels: Readonly<Record<string, string>> = {},
  ): Promise<number | undefined> {
    const lines = (await this.text("/metrics")).split("\n");
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    const line = lines.find(
      (text) =>
        (text.startsWith(`${name}{`) || text.startsWith(`${name} `)) &&
        this.#canary?.isIn(text) !== true &&
        wanted.every((part) => text.includes(part)),
    );
    return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(" ") + 1));
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await using canary = this.#canary;
    await super[Symbol.asyncDispose]();
    canary?.assertWell();
  }
}
