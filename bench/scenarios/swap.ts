import type { Address } from "../../src/model/address.ts";
import type { Lap } from "../actors/verbs.ts";
import { portolan } from "../contenders/portolan.ts";
import { ReloadingHaproxy, reloadedHaproxy } from "../contenders/reloading.ts";
import { available } from "../support/available.ts";
import { setTimeout as wait } from "node:timers/promises";
import { freePort } from "../support/ports.ts";
import type { Portolan } from "../support/portolan.ts";
import { listeningInode } from "../support/proc.ts";
import type { Report } from "../support/report.ts";
import { addressOf, Stage } from "../support/stage.ts";
import { until } from "../support/until.ts";
import type { Bench, Scenario } from "./scenario.ts";
import { type Reloaded, type Swapped, toReport } from "./swap-report.ts";

const app = "/bench/swapped";
/** Replicas that are up at a time, less one during some steps. */
const placed = 3;
const replicaCount = 8;
const reloads = 20;
/** Long enough for a process to take over. */
const betweenReloadsMs = 300;
const traffic = { requestBytes: 64, answerBytes: 1024 } as const;
const shapes = [
  { ...traffic, connections: 8, isLasting: false },
  { ...traffic, connections: 16, ratePerSecond: 320, isLasting: true },
] as const;

export const swap: Scenario = {
  name: "swap",
  purpose:
    "route changes under load: no connection may fail and the listening socket must stay the same; beside it HAProxy, reloaded by -sf (runs: changes)",
  seconds: 0,
  runs: 1000,
  contenders: [portolan, reloadedHaproxy],
  run: measureSwap,
};

async function measureSwap(bench: Bench): Promise<Report> {
  const { present, notes } = available(bench);
  const isThere = (name: string): boolean =>
    present.some(({ contender }) => contender.name === name);
  // Beside as many connections as there can be, a Marathon that stood back would hardly change anything.
  await using stage = await Stage.open({ ...bench, replicas: replicaCount, niceness: 0 });
  const swapped = isThere(portolan.name) ? await swapRoutes(bench, stage) : undefined;
  const lost: string[] = [];
  const reloaded = isThere(reloadedHaproxy.name)
    ? await reload(bench, stage).catch((error: unknown) => {
        // What portolan did is worth keeping.
        lost.push(`${reloadedHaproxy.name} failed: ${String(error)}`);
        return undefined;
      })
    : undefined;
  if (swapped === undefined && reloaded === undefined) throw new Error(lost.join("; "));
  return toReport({ swapped, reloaded, notes: [...notes, ...lost] });
}

async function swapRoutes(bench: Bench, stage: Stage): Promise<Swapped> {
  const service = { host: "127.0.0.1", port: await freePort() };
  const rotation = new Rotation(stage);
  await stage.marathon.call("putApp", { id: app, servicePort: service.port });
  for (let task = 0; task < placed; task += 1) await rotation.add();
  const proxy = await stage.startPortolan();
  await until(() => listeningInode(service) !== undefined, { what: "the service port is bound" });
  await stage.load.call("prove", { target: service });
  const load = await Load.start(stage, service);
  const changed = await change(bench, { rotation, proxy, service });
  return { ...changed, ...(await load.stop()), said: proxy.said };
}

/** The same load while one process takes over from another. */
async function reload({ cpus, say }: Bench, stage: Stage): Promise<Reloaded> {
  const replica = addressOf(stage.replica(0));
  await using proxy = await ReloadingHaproxy.start({ replica, cpus });
  await stage.load.call("prove", { target: proxy.address });
  const load = await Load.start(stage, proxy.address);
  const startedAt = performance.now();
  for (let done = 0; done < reloads; done += 1) {
    await wait(betweenReloadsMs);
    if (done % 10 === 0) say(`swap: ${done} of ${reloads} reloads of HAProxy`);
    proxy.reload();
  }
  await wait(betweenReloadsMs);
  const seconds = (performance.now() - startedAt) / 1000;
  return { reloads, seconds, ...(await load.stop()) };
}

/** New connections and lasting ones at a time, through one address. */
class Load {
  readonly #stage: Stage;
  readonly #flows: readonly [fresh: number, lasting: number];

  private constructor(stage: Stage, flows: readonly [fresh: number, lasting: number]) {
    this.#stage = stage;
    this.#flows = flows;
  }

  static async start(stage: Stage, target: Address): Promise<Load> {
    const [fresh, lasting] = shapes;
    const start = (shape: typeof fresh | typeof lasting): Promise<number> =>
      stage.load.call("start", { ...shape, targets: [target] });
    return new Load(stage, [await start(fresh), await start(lasting)]);
  }

  async stop(): Promise<Pick<Swapped, "fresh" | "lasting">> {
    const [fresh, lasting] = this.#flows;
    return { fresh: await this.#stop(fresh), lasting: await this.#stop(lasting) };
  }

  async #stop(flow: number): Promise<Lap> {
    const lap = await this.#stage.load.call("lap", { flow, pids: [] });
    await this.#stage.load.call("stop", { flow });
    return lap;
  }
}

interface Changing {
  readonly rotation: Rotation;
  readonly proxy: Portolan;
  readonly service: Address;
}

/** Makes one change after another, each when the one before is served, and looks at the socket every time. */
async function change(
  { runs, say }: Bench,
  { rotation, proxy, service }: Changing,
): Promise<Pick<Swapped, "changes" | "inodes" | "seconds">> {
  const startedAt = performance.now();
  const first = await proxy.tableVersion();
  const inodes = new Set([listeningInode(service) ?? "none"]);
  let version = first;
  for (let step = 0; version - first < runs; step += 1) {
    if (step % 50 === 0) say(`swap: ${version - first} of ${runs} changes`);
    const before = version;
    await rotation.step(step);
    version = await until(
      async () => {
        const now = await proxy.tableVersion();
        return now > before && now;
      },
      { what: `table ${before + 1} is served` },
    );
    inodes.add(listeningInode(service) ?? "none");
  }
  return { changes: version - first, inodes, seconds: (performance.now() - startedAt) / 1000 };
}

/** The tasks of the app: a new one comes, the oldest fails its check, and then it is killed. */
class Rotation {
  readonly #stage: Stage;
  readonly #tasks: string[] = [];
  #added = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  async add(): Promise<void> {
    const { port } = this.#stage.replica(this.#added);
    this.#added += 1;
    const { task } = await this.#stage.marathon.call("addTask", { app, port });
    this.#tasks.push(task);
  }

  async step(number: number): Promise<void> {
    const [oldest = ""] = this.#tasks;
    const { marathon } = this.#stage;
    if (number % 3 === 0) await this.add();
    else if (number % 3 === 1) await marathon.call("setHealth", { task: oldest, isHealthy: false });
    else {
      this.#tasks.shift();
      await marathon.call("removeTask", { task: oldest });
    }
  }
}
