import type { Address } from "../../src/model/address.ts";
import type { Lap } from "../actors/verbs.ts";
import { portolan } from "../contenders/portolan.ts";
import { freePort } from "../support/ports.ts";
import type { Portolan } from "../support/portolan.ts";
import { listeningInode } from "../support/proc.ts";
import type { Report } from "../support/report.ts";
import { Stage } from "../support/stage.ts";
import { formatNumber } from "../support/table.ts";
import { until } from "../support/until.ts";
import type { Bench, Scenario } from "./scenario.ts";

const app = "/bench/swapped";
/** Replicas that are up at a time, less one during some steps. */
const placed = 3;
const replicaCount = 8;

export const swap: Scenario = {
  name: "swap",
  purpose:
    "route changes under load: no connection may fail and the listening socket must stay the same (runs: changes)",
  seconds: 0,
  runs: 200,
  contenders: [portolan],
  run: measureSwap,
};

async function measureSwap(bench: Bench): Promise<Report> {
  await using stage = await Stage.open({ ...bench, replicas: replicaCount });
  const service = { host: "127.0.0.1", port: await freePort() };
  const rotation = new Rotation(stage);
  await stage.marathon.call("putApp", { id: app, servicePort: service.port });
  for (let task = 0; task < placed; task += 1) await rotation.add();
  const proxy = await stage.startPortolan();
  await until(() => listeningInode(service) !== undefined, { what: "the service port is bound" });
  const traffic = { targets: [service], requestBytes: 64, answerBytes: 1024 };
  const fresh = { ...traffic, connections: 8, ratePerSecond: 400, isLasting: false };
  const lasting = { ...traffic, connections: 16, ratePerSecond: 320, isLasting: true };
  const flows = [
    await stage.load.call("start", fresh),
    await stage.load.call("start", lasting),
  ] as const;
  const { changes, inodes, seconds } = await change(bench, { rotation, proxy, service });
  const laps: Lap[] = [];
  for (const flow of flows) laps.push(await stage.load.call("lap", { flow, pids: [proxy.pid] }));
  return toReport(laps, { changes, inodes, seconds, said: proxy.said });
}

interface Changing {
  readonly rotation: Rotation;
  readonly proxy: Portolan;
  readonly service: Address;
}

interface Changed {
  /** Versions of the routing table that came and went. */
  readonly changes: number;
  readonly inodes: ReadonlySet<string>;
  readonly seconds: number;
}

/** Makes one change after another, each when the one before is served, and looks at the socket every time. */
async function change(
  { runs, say }: Bench,
  { rotation, proxy, service }: Changing,
): Promise<Changed> {
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

function toReport(
  [fresh, lasting]: readonly Lap[],
  { changes, inodes, seconds, said }: Changed & { readonly said: string },
): Report {
  const rows = [
    { what: "new connection per request", lap: fresh },
    { what: "16 lasting connections", lap: lasting },
  ];
  const failed = (fresh?.failed ?? 0) + (lasting?.failed ?? 0);
  const stray = [...inodes].length - 1;
  return {
    tables: [
      {
        title: `swap: ${changes} route changes in ${formatNumber(seconds)} s`,
        columns: ["load", "requests", "failed", "replicas seen", "p50 ms", "p99 ms", "max ms"],
        rows: rows.map(({ what, lap }) => [
          what,
          String(lap?.completed ?? 0),
          String(lap?.failed ?? 0),
          String(lap?.replicas.length ?? 0),
          formatNumber(lap?.latency.p50),
          formatNumber(lap?.latency.p99),
          formatNumber(lap?.latency.max),
        ]),
      },
    ],
    figures: {
      changes,
      newConnections: fresh?.completed ?? 0,
      requestsOnLastingConnections: lasting?.completed ?? 0,
      failed,
      listeningSockets: inodes.size,
    },
    goals: [
      { what: "failed connections", limit: 0, measured: failed, unit: "" },
      { what: "times the listening socket was another one", limit: 0, measured: stray, unit: "" },
    ],
    notes: [
      ...rows.flatMap(({ what, lap }) =>
        Object.entries(lap?.failures ?? {}).map(([why, count]) => `${what}: ${count} × ${why}`),
      ),
      ...(said === "" ? [] : [`portolan logged: ${said}`]),
    ],
  };
}
