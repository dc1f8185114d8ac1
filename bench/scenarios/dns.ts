import { setTimeout as wait } from "node:timers/promises";
import type { Lap, LoadVerbs, QuestionCount } from "../actors/verbs.ts";
import { portolan, portolanWarmUpMs } from "../contenders/portolan.ts";
import { Actor } from "../support/actor.ts";
import { type Placement, place, placementsOf } from "../support/affinity.ts";
import type { Portolan } from "../support/portolan.ts";
import { freePort } from "../support/ports.ts";
import { addressOf, Stage } from "../support/stage.ts";
import { ThreadWatch } from "../support/threads.ts";
import { toReport, type Capacity, type Round } from "./dns-report.ts";
import type { Report } from "../support/report.ts";
import type { Bench, Scenario } from "./scenario.ts";

/** 1,000 apps with 10,000 replicas are what is asked for. */
const crowd = { replicas: 10_000, perApp: 10 } as const;
const names: readonly string[] = Array.from(
  { length: crowd.replicas / crowd.perApp },
  (_, index) => `app-${index}.spread.mmsd`,
);
const wantedPerSecond = 15_000;
const settleMs = 2000;

export const dns: Scenario = {
  name: "dns",
  purpose:
    "answers a second for 1,000 apps with 10,000 replicas, and a steady load without and beside 15,000 questions a second (seconds per phase, runs of all phases in each placement)",
  seconds: 3,
  runs: 3,
  contenders: [portolan],
  run: measureDns,
};

async function measureDns(bench: Bench): Promise<Report> {
  const { runs, say, cpus } = bench;
  await using stage = await Stage.open({ ...bench, replicas: 2 });
  // Those who ask are elsewhere: here they must not take the processor from load and replicas.
  await using asker = Actor.start<LoadVerbs>("load.ts", { cpus: cpus.rest, niceness: 19 });
  await stage.marathon.call("loadSpread", { ...crowd, port: stage.replica(0).port });
  const [servicePort, port] = [await freePort(), await freePort()];
  await stage.marathon.call("putApp", { id: "/bench/web", servicePort });
  for (const replica of stage.replicas)
    await stage.marathon.call("addTask", { app: "/bench/web", port: replica.port });
  const flags = ["--health", "marathon", "--enable-dns", "--dns-port", String(port)];
  const proxy = await stage.startPortolan(flags);
  await proxy.listening(`127.0.0.1:${servicePort}`);
  const session = await Session.open({ stage, proxy, asker, port }, servicePort);
  await wait(portolanWarmUpMs);
  const found = placementsOf(cpus);
  const rounds: Round[] = [];
  for (let run = 0; run < runs; run += 1) {
    for (const placement of found.length === 0 ? [undefined] : found) {
      const name = placement?.name ?? "not pinned";
      say(`dns: round ${run + 1} of ${runs}, ${name}`);
      await session.move(placement);
      const quiet = await session.phase(bench.seconds);
      const asked = await session.askedPhase(bench.seconds);
      rounds.push({ placement: name, quiet, asked });
    }
  }
  await session.move(found[0]);
  const capacities: Capacity[] = [];
  for (let run = 0; run < runs; run += 1) capacities.push(await session.capacity(bench.seconds));
  return toReport(rounds, capacities);
}

interface Parts {
  readonly stage: Stage;
  readonly proxy: Portolan;
  readonly asker: Actor<LoadVerbs>;
  /** Of the DNS server. */
  readonly port: number;
}

/** Two equal loads at once: one through the proxy, one straight to the replicas, which shows what the machine does. */
class Session {
  readonly #parts: Parts;
  readonly #flows: { readonly proxied: number; readonly straight: number };

  private constructor(parts: Parts, flows: { proxied: number; straight: number }) {
    this.#parts = parts;
    this.#flows = flows;
  }

  static async open(parts: Parts, servicePort: number): Promise<Session> {
    const shape = { connections: 32, isLasting: true, requestBytes: 64, answerBytes: 1024 };
    const paced = { ...shape, ratePerSecond: 400 };
    const { load, replicas } = parts.stage;
    const service = { host: "127.0.0.1", port: servicePort };
    const proxied = await load.call("start", { ...paced, targets: [service] });
    const targets = replicas.map((replica) => addressOf(replica));
    const straight = await load.call("start", { ...paced, targets });
    return new Session(parts, { proxied, straight });
  }

  async move(placement: Placement | undefined): Promise<void> {
    const { proxy, stage } = this.#parts;
    if (placement !== undefined)
      place({ portolan: proxy.pid, marathon: stage.marathon.pid }, placement);
    await wait(settleMs);
  }

  async phase(seconds: number): Promise<Round["quiet"]> {
    await this.#laps();
    await wait(seconds * 1000);
    return await this.#laps();
  }

  async askedPhase(seconds: number): Promise<Round["asked"]> {
    await this.#askWith(wantedPerSecond);
    await wait(settleMs);
    await this.#parts.asker.call("asked", undefined);
    const laps = await this.phase(seconds);
    const count = await this.#parts.asker.call("asked", undefined);
    await this.#parts.asker.call("stopAsking", undefined);
    return { ...laps, perSecond: count.answered / seconds, refused: count.refused };
  }

  /** As many answers as there can be, and the processor time of the thread that gives them. */
  async capacity(seconds: number): Promise<Capacity> {
    await this.#askWith(undefined);
    await wait(settleMs);
    const watch = new ThreadWatch(this.#parts.proxy.pid);
    await this.#parts.asker.call("asked", undefined);
    await wait(seconds * 1000);
    const { answered }: QuestionCount = await this.#parts.asker.call("asked", undefined);
    const share = watch.shares().main;
    await this.#parts.asker.call("stopAsking", undefined);
    return { perSecond: answered / seconds, share };
  }

  async #askWith(ratePerSecond: number | undefined): Promise<void> {
    const { asker, port } = this.#parts;
    const rate = ratePerSecond === undefined ? {} : { ratePerSecond };
    await asker.call("ask", { target: { host: "127.0.0.1", port }, names, ...rate });
  }

  async #laps(): Promise<{ readonly proxied: Lap; readonly straight: Lap }> {
    const { load } = this.#parts.stage;
    const lap = (flow: number): Promise<Lap> => load.call("lap", { flow, pids: [] });
    return { proxied: await lap(this.#flows.proxied), straight: await lap(this.#flows.straight) };
  }
}
