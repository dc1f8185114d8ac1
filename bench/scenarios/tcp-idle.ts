import { setTimeout as wait } from "node:timers/promises";
import type { Address } from "../../src/model/address.ts";
import type { LoadVerbs, ReplicaVerbs } from "../actors/verbs.ts";
import { contenders } from "../contenders/all.ts";
import type { Contender } from "../contenders/contender.ts";
import { portolan } from "../contenders/portolan.ts";
import { Actor } from "../support/actor.ts";
import { available } from "../support/available.ts";
import { openFileLimit, usageOf } from "../support/proc.ts";
import type { Figures, Report } from "../support/report.ts";
import { addressOf } from "../support/stage.ts";
import { rounded } from "../support/stats.ts";
import { formatNumber, megabytes } from "../support/table.ts";
import type { Bench, Scenario } from "./scenario.ts";

const wanted = 10_000;
const limitMb = 250;
/** Files a proxy has open besides two for each connection. */
const ownFiles = 200;

export const tcpIdle: Scenario = {
  name: "tcp-idle",
  purpose:
    "memory of every contender with 10 000 connections that were used once and are idle (seconds to settle before each look)",
  seconds: 3,
  runs: 1,
  contenders,
  run: measureIdle,
};

/** One contender; memory in MB, undefined without a proxy. */
interface Held {
  readonly contender: string;
  readonly version: string;
  readonly before: number | undefined;
  readonly connected: number | undefined;
  readonly afterwards: number | undefined;
  readonly lost: number;
}

async function measureIdle(bench: Bench): Promise<Report> {
  const { cpus, say } = bench;
  const connections = Math.min(wanted, Math.floor((openFileLimit() - ownFiles) / 2));
  const { present, notes } = available(bench);
  await using replicas = Actor.start<ReplicaVerbs>("replicas.ts", { cpus: cpus.rest });
  await using load = Actor.start<LoadVerbs>("load.ts", { cpus: cpus.rest });
  const [replica] = await replicas.call("open", { count: 1 });
  if (replica === undefined) throw new Error("no replica");
  const turn: Turn = { bench, load, connections, replica: addressOf(replica) };
  const held: Held[] = [];
  for (const { contender, version } of present) {
    say(`tcp-idle: ${connections} connections, ${contender.name}`);
    held.push({ contender: contender.name, version, ...(await hold(contender, turn)) });
  }
  return toReport(held, connections, notes);
}

interface Turn {
  readonly bench: Bench;
  readonly load: Actor<LoadVerbs>;
  readonly connections: number;
  readonly replica: Address;
}

async function hold(
  contender: Contender,
  { bench, load, connections, replica }: Turn,
): Promise<Omit<Held, "contender" | "version">> {
  const { cpus, program, seconds } = bench;
  await using running = await contender.start({
    replica,
    protocol: "tcp",
    cpus,
    program,
    connections,
  });
  const target = running.address;
  await load.call("prove", { target });
  const settled = async (): Promise<number | undefined> => {
    await wait(seconds * 1000);
    const { pids } = running;
    return pids.length === 0 ? undefined : megabytes(usageOf(pids).residentBytes);
  };
  const before = await settled();
  await load.call("hold", { targets: [target], connections });
  const connected = await settled();
  const { lost } = await load.call("release", undefined);
  return { before, connected, afterwards: await settled(), lost };
}

function toReport(held: readonly Held[], connections: number, notes: readonly string[]): Report {
  const own = held.find(({ contender }) => contender === portolan.name);
  const fewer = `only ${connections} connections fit into ${openFileLimit()} open files; the rest is reckoned at the same price`;
  return {
    tables: [
      {
        title: `tcp-idle: resident memory of the proxy, ${connections} idle connections`,
        columns: [
          "contender",
          "before MB",
          "connected MB",
          "KB per connection",
          "afterwards MB",
          "lost",
        ],
        rows: held.map((each) => [
          each.contender,
          formatNumber(each.before),
          formatNumber(each.connected),
          formatNumber(perConnectionKb(each, connections)),
          formatNumber(each.afterwards),
          String(each.lost),
        ]),
      },
    ],
    figures: {
      connections,
      ...Object.fromEntries(held.map((each) => [each.contender, figuresOf(each, connections)])),
    },
    goals:
      own?.connected === undefined
        ? []
        : [
            {
              what: `${wanted} idle connections`,
              limit: limitMb,
              measured: reckoned(own, connections),
              unit: "MB",
            },
            { what: "connections lost while idle", limit: 0, measured: own.lost, unit: "" },
          ],
    notes: [
      "what the kernel keeps for the sockets is not in these figures",
      ...(connections < wanted ? [fewer] : []),
      ...notes,
    ],
  };
}

function perConnectionKb({ before = NaN, connected = NaN }: Held, connections: number): number {
  return ((connected - before) * 1024) / connections;
}

function reckoned(held: Held, connections: number): number {
  const rest = (wanted - connections) * perConnectionKb(held, connections);
  return (held.connected ?? NaN) + rest / 1024;
}

function figuresOf(held: Held, connections: number): Figures {
  const { version, before, connected, afterwards, lost } = held;
  const measured = {
    before,
    connected,
    perConnectionKb: perConnectionKb(held, connections),
    afterwards,
  };
  const known = Object.entries(measured).flatMap(([name, value = NaN]) =>
    Number.isFinite(value) ? [[name, rounded(value)] as const] : [],
  );
  return { version, ...Object.fromEntries(known), lost };
}
