import { setTimeout as wait } from "node:timers/promises";
import type { Address } from "../../src/model/address.ts";
import type { LoadVerbs, ReplicaVerbs } from "../actors/verbs.ts";
import { contenders } from "../contenders/all.ts";
import type { Contender, Running } from "../contenders/contender.ts";
import { portolanWarmUpMs } from "../contenders/portolan.ts";
import { Actor } from "../support/actor.ts";
import { alternate } from "../support/alternation.ts";
import { available, type Present } from "../support/available.ts";
import { openFileLimit, usageOf } from "../support/proc.ts";
import type { Report } from "../support/report.ts";
import { addressOf } from "../support/stage.ts";
import { megabytes } from "../support/table.ts";
import type { Bench, Scenario } from "./scenario.ts";
import { type Held, toReport, wanted } from "./tcp-idle-report.ts";

/** Files that a proxy which does not tell its limit may have open besides two for each connection. */
const ownFiles = 200;

export const tcpIdle: Scenario = {
  name: "tcp-idle",
  purpose:
    "memory of every contender with 10 000 connections that were used once and are idle, or as many as the proxy allows (seconds to settle before each look, runs of each contender in alternation)",
  seconds: 2,
  runs: 3,
  contenders,
  run: measureIdle,
};

async function measureIdle(bench: Bench): Promise<Report> {
  const { cpus, runs, say } = bench;
  const { present, notes } = available(bench);
  await using replicas = Actor.start<ReplicaVerbs>("replicas.ts", { cpus: cpus.rest });
  await using load = Actor.start<LoadVerbs>("load.ts", { cpus: cpus.rest });
  const [replica] = await replicas.call("open", { count: 1 });
  if (replica === undefined) throw new Error("no replica");
  const parts = { bench, load, replica: addressOf(replica) };
  const connections = await mostOfAll(present, parts);
  say(`tcp-idle: ${connections} connections`);
  const alternated = await alternate(
    present,
    { name: "tcp-idle", runs, say },
    async (contender) => ({
      contender: contender.name,
      ...(await hold(contender, { ...parts, connections })),
    }),
  );
  const found = [...notes, ...alternated.notes];
  return toReport({ present, held: alternated.samples, connections, notes: found });
}

interface Parts {
  readonly bench: Bench;
  readonly load: Actor<LoadVerbs>;
  readonly replica: Address;
}

/** What every contender can hold: as many as are wanted, or what the one with the lowest limit says. */
async function mostOfAll(present: readonly Present[], parts: Parts): Promise<number> {
  let most = Math.min(wanted, Math.floor((openFileLimit() - ownFiles) / 2));
  for (const { contender } of present) {
    try {
      await using running = await start(contender, { ...parts, connections: most });
      most = Math.min(most, running.mostConnections ?? wanted);
    } catch {
      // It will be tried again, and named then.
    }
  }
  return most;
}

interface Turn extends Parts {
  readonly connections: number;
}

function start(contender: Contender, { bench, replica, connections }: Turn): Promise<Running> {
  const { cpus, program } = bench;
  return contender.start({ replica, protocol: "tcp", cpus, program, connections });
}

async function hold(contender: Contender, turn: Turn): Promise<Omit<Held, "contender">> {
  const { bench, load, connections } = turn;
  await using running = await start(contender, turn);
  const target = running.address;
  await load.call("prove", { target });
  const { pids } = running;
  const settled = async (): Promise<number | undefined> => {
    if (pids.length === 0) return undefined;
    await wait(bench.seconds * 1000);
    return megabytes(usageOf(pids).residentBytes);
  };
  // Some seconds after a start a program may give back what only that needed.
  if (pids.length > 0) await wait(portolanWarmUpMs);
  const before = await settled();
  try {
    await load.call("hold", { targets: [target], connections });
    const connected = await settled();
    const { lost } = await load.call("release", undefined);
    return { before, connected, afterwards: await settled(), lost };
  } finally {
    await load.call("release", undefined);
  }
}
