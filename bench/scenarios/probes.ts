import { setTimeout as wait } from "node:timers/promises";
import { portolan, portolanWarmUpMs } from "../contenders/portolan.ts";
import { type Placement, place, placementsOf } from "../support/affinity.ts";
import type { Portolan } from "../support/portolan.ts";
import { freePort } from "../support/ports.ts";
import type { Report } from "../support/report.ts";
import { addressOf, Stage } from "../support/stage.ts";
import { ThreadWatch } from "../support/threads.ts";
import { type Phase, replicas, type Round, toReport } from "./probes-report.ts";
import type { Bench, Scenario } from "./scenario.ts";

export const probes: Scenario = {
  name: "probes",
  purpose:
    "what 2000 replicas that are probed every 2 s cost the control plane and a steady load, against the same without probes (seconds per phase, runs of both in each placement)",
  seconds: 6,
  runs: 5,
  contenders: [portolan],
  run: measureProbes,
};

async function measureProbes(bench: Bench): Promise<Report> {
  const { runs, say, seconds } = bench;
  await using stage = await Stage.open({ ...bench, replicas: 2 });
  const { port } = await stage.replicaProcess.call("openEverywhere", undefined);
  await stage.marathon.call("loadSpread", { replicas, port });
  const servicePort = await freePort();
  await stage.marathon.call("putApp", { id: "/bench/web", servicePort });
  for (const replica of stage.replicas) {
    await stage.marathon.call("addTask", { app: "/bench/web", port: replica.port });
  }
  const found = placementsOf(bench.cpus);
  const rounds: Round[] = [];
  for (let run = 0; run < runs; run += 1) {
    for (const placement of found.length === 0 ? [undefined] : found) {
      const name = placement?.name ?? "not pinned";
      say(`probes: round ${run + 1} of ${runs}, ${name}`);
      const order = { servicePort, seconds, placement };
      const quiet = await measure(stage, { ...order, health: "marathon" });
      const probed = await measure(stage, { ...order, health: "both" });
      rounds.push({ placement: name, quiet, probed });
    }
  }
  return toReport(rounds);
}

interface Order {
  readonly servicePort: number;
  readonly seconds: number;
  readonly placement: Placement | undefined;
  readonly health: "marathon" | "both";
}

/** One proxy with a steady load through it, for one phase. */
async function measure(
  stage: Stage,
  { servicePort, seconds, placement, health }: Order,
): Promise<Phase> {
  await using proxy = await stage.startPortolan(["--health", health]);
  await proxy.listening(`127.0.0.1:${servicePort}`);
  if (placement !== undefined)
    place({ portolan: proxy.pid, marathon: stage.marathon.pid }, placement);
  const target = addressOf({ number: 0, port: servicePort });
  await stage.load.call("prove", { target });
  const shape = { connections: 32, isLasting: true, requestBytes: 64, answerBytes: 1024 };
  const paced = { ...shape, ratePerSecond: 400 };
  const proxied = await stage.load.call("start", { ...paced, targets: [target] });
  const targets = stage.replicas.map((replica) => addressOf(replica));
  const straight = await stage.load.call("start", { ...paced, targets });
  await wait(portolanWarmUpMs);
  await lapOf(stage, proxied);
  await lapOf(stage, straight);
  const watch = new ThreadWatch(proxy.pid);
  const before = await probesOf(proxy);
  await wait(seconds * 1000);
  const laps = { proxied: await lapOf(stage, proxied), straight: await lapOf(stage, straight) };
  const counted = (await probesOf(proxy)) - before;
  const threads = watch.shares();
  for (const flow of [proxied, straight]) await stage.load.call("stop", { flow });
  return { ...laps, threads, probes: counted / seconds };
}

function lapOf(stage: Stage, flow: number): Promise<Phase["proxied"]> {
  return stage.load.call("lap", { flow, pids: [] });
}

function probesOf(proxy: Portolan): Promise<number> {
  return proxy.metric("portolan_checks_total");
}
