import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Address } from "../../src/model/address.ts";
import { noteLaunch } from "../support/launches.ts";
import { accepts, freePort } from "../support/ports.ts";
import { Spawned } from "../support/spawned.ts";
import { until } from "../support/until.ts";
import type { Contender, Setup } from "./contender.ts";
import { haproxy, haproxyConfig } from "./haproxy.ts";

/** HAProxy as those run it who write its configuration anew for each change: a new process takes over by `-sf`. */
export class ReloadingHaproxy implements AsyncDisposable {
  readonly address: Address;
  readonly #cpus: string | undefined;
  readonly #file: string;
  readonly #owned: AsyncDisposableStack;
  #current: Spawned;

  private constructor(
    { address, file, cpus }: { address: Address; file: string; cpus: string | undefined },
    current: Spawned,
    owned: AsyncDisposableStack,
  ) {
    this.address = address;
    this.#file = file;
    this.#cpus = cpus;
    this.#current = current;
    this.#owned = owned;
  }

  static async start(setup: Pick<Setup, "replica" | "cpus">): Promise<ReloadingHaproxy> {
    await using owned = new AsyncDisposableStack();
    const folder = owned.adopt(mkdtempSync(join(tmpdir(), "portolan-bench-")), (path) =>
      rmSync(path, { recursive: true, force: true }),
    );
    const address = { host: "127.0.0.1", port: await freePort() };
    const file = join(folder, "config");
    const config = haproxyConfig(address, setup.replica, 4000);
    writeFileSync(file, config);
    const args = ["-db", "-q", "-f", file, "-sf", "<process before>"];
    noteLaunch({ command: "haproxy", args, config });
    const cpus = setup.cpus.proxy;
    const first = owned.use(launch(file, cpus, []));
    await first.whileAlive(until(() => accepts(address), { what: "haproxy serves" }));
    return new ReloadingHaproxy({ address, file, cpus }, first, owned.move());
  }

  /** Starts the process that takes over; the one before stops listening and ends with its last connection. */
  reload(): void {
    const before = String(this.#current.pid);
    this.#current = this.#owned.use(launch(this.#file, this.#cpus, ["-sf", before]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

/** HAProxy reloaded, as a contender of scenarios that change routes. */
export const reloadedHaproxy: Contender = {
  name: "haproxy -sf",
  find: (program) => haproxy.find(program),
  start: async (setup) => {
    const running = await ReloadingHaproxy.start(setup);
    const dispose = (): Promise<void> => running[Symbol.asyncDispose]();
    return { address: running.address, pids: [], [Symbol.asyncDispose]: dispose };
  },
};

function launch(file: string, cpus: string | undefined, more: readonly string[]): Spawned {
  return new Spawned({ command: "haproxy", args: ["-db", "-q", "-f", file, ...more], cpus });
}
