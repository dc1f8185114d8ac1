import { setTimeout as wait } from "node:timers/promises";
import { limits } from "../goals.ts";
import type { LoadVerbs, ReplicaPort, ReplicaVerbs } from "../actors/verbs.ts";
import { portolan } from "../contenders/portolan.ts";
import { Actor } from "../support/actor.ts";
import { monotonicMs } from "../support/monotonic.ts";
import { startPortolan, type Portolan } from "../support/portolan.ts";
import { freePort } from "../support/ports.ts";
import { registryKinds, type Registry, type RegistryKind } from "../support/registries.ts";
import type { Figures, Report } from "../support/report.ts";
import { percentile, rounded } from "../support/stats.ts";
import { formatNumber } from "../support/table.ts";
import { until } from "../support/until.ts";
import type { Bench, Scenario } from "./scenario.ts";

/** Before each change, so that changes do not march in step with the proxy's timers. */
const longestPauseMs = 1000;
const withinMs = 60_000;

/** What is changed in turn: one replica is there before the first and after the last of them. */
const changes = ["add one", "remove one", "remove the last", "add the first"] as const;
type Change = (typeof changes)[number];
type Samples = Readonly<Record<Change, number[]>>;

export const sourceLatency: Scenario = {
  name: "source-latency",
  purpose:
    "from a change in etcd and Consul to its being routed: a replica more, one less, the last one gone, the first one there (runs: samples of each)",
  seconds: 0,
  runs: 10,
  contenders: [portolan],
  run: measureSourceLatency,
};

async function measureSourceLatency(bench: Bench): Promise<Report> {
  const measured = new Map<string, Samples>();
  const notes: string[] = [];
  for (const kind of registryKinds) {
    if (kind.missing === false) measured.set(kind.name, await measureRegistry(bench, kind));
    else notes.push(`${kind.name} is left out: ${kind.missing}`);
  }
  return toReport(measured, notes);
}

async function measureRegistry(bench: Bench, kind: RegistryKind): Promise<Samples> {
  const { runs, say, cpus, program } = bench;
  const cpu = { cpus: cpus.rest };
  await using replicas = Actor.start<ReplicaVerbs>("replicas.ts", cpu);
  await using load = Actor.start<LoadVerbs>("load.ts", cpu);
  const [one, other] = await replicas.call("open", { count: 2 });
  if (one === undefined || other === undefined) throw new Error("no replicas");
  const servicePort = await freePort();
  await using registry = await kind.start(servicePort);
  await registry.add(one.port);
  await using proxy = await startPortolan({ program, cpus: cpus.proxy, flags: registry.flags });
  const stage: Stage = { registry, proxy, load, servicePort };
  await answeredBy(stage, one.number);
  const samples: Samples = {
    "add one": [],
    "remove one": [],
    "remove the last": [],
    "add the first": [],
  };
  for (let run = 0; run < runs; run += 1) {
    if (run % 5 === 0) say(`source-latency: ${kind.name}, sample ${run} of ${runs}`);
    for (const change of changes) samples[change].push(await steps[change](stage, one, other));
  }
  return samples;
}

interface Stage {
  readonly registry: Registry;
  readonly proxy: Portolan;
  readonly load: Actor<LoadVerbs>;
  readonly servicePort: number;
}

/** Each makes its change and gives the time until it was routed, in ms. */
const steps: Readonly<
  Record<Change, (stage: Stage, one: ReplicaPort, other: ReplicaPort) => Promise<number>>
> = {
  "add one": (stage, _, other) =>
    timed(
      () => stage.registry.add(other.port),
      () => answeredBy(stage, other.number),
    ),
  // Who answers tells nothing here: the one that stays answers before it as well.
  "remove one": (stage, one, other) =>
    timed(
      () => stage.registry.remove(one.port),
      () => isAlone(stage, other),
    ),
  "remove the last": (stage, _, other) =>
    timed(
      () => stage.registry.remove(other.port),
      () => answeredBy(stage, null),
    ),
  "add the first": (stage, one) =>
    timed(
      () => stage.registry.add(one.port),
      () => answeredBy(stage, one.number),
    ),
};

/** From the moment before a change is asked for to that at which it was seen. */
async function timed(change: () => Promise<void>, seen: () => Promise<number>): Promise<number> {
  await wait(Math.random() * longestPauseMs);
  const startedAt = monotonicMs();
  const [seenAt] = await Promise.all([seen(), change()]);
  return seenAt - startedAt;
}

/** The moment at which a new connection was answered by this replica, or, for null, by none. */
async function answeredBy({ load, servicePort }: Stage, wanted: number | null): Promise<number> {
  const target = { host: "127.0.0.1", port: servicePort };
  return (await load.call("probe", { target, wanted, withinMs })).atMs;
}

async function isAlone({ proxy, servicePort }: Stage, { port }: ReplicaPort): Promise<number> {
  const isSeen = async (): Promise<boolean> => {
    const up = await proxy.upAt(servicePort);
    return up.length === 1 && up[0] === `127.0.0.1:${port}`;
  };
  await until(isSeen, { what: "the other replica is alone", withinMs, everyMs: 1 });
  return monotonicMs();
}

const percents = [50, 90, 100] as const;

function toReport(measured: ReadonlyMap<string, Samples>, notes: readonly string[]): Report {
  const rows = [...measured].flatMap(([source, samples]) =>
    changes.map((change) => {
      const sorted = samples[change].toSorted((one, another) => one - another);
      return { source, change, at: (percent: number) => percentile(sorted, percent) };
    }),
  );
  return {
    tables: [
      {
        title: "source-latency: ms from a change to its being routed",
        columns: ["source: change", ...percents.map((percent) => `p${percent}`)],
        rows: rows.map(({ source, change, at }) => [
          `${source}: ${change}`,
          ...percents.map((percent) => formatNumber(at(percent))),
        ]),
      },
    ],
    figures: Object.fromEntries(
      rows.map(({ source, change, at }): [string, Figures] => [
        `${source}: ${change}`,
        Object.fromEntries(percents.map((percent) => [`p${percent}`, rounded(at(percent))])),
      ]),
    ),
    goals: rows.map(({ source, change, at }) => {
      return {
        what: `${source}: ${change}, p90`,
        limit: limits.sourceMs,
        measured: at(90),
        unit: "ms",
      };
    }),
    notes: [
      ...notes,
      "the time that the registry takes to write is part of it",
      "`remove one` is seen in /api/table, the others by connections through the service port",
    ],
  };
}
