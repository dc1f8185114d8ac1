import type { Traffic } from "../actors/verbs.ts";
import { contenders } from "../contenders/all.ts";
import { portolan } from "../contenders/portolan.ts";
import { measureTraffic } from "../support/comparison.ts";
import type { Protocol } from "../../src/model/service.ts";
import type { ComparisonGoal } from "../support/comparison-goals.ts";
import { limits } from "../goals.ts";
import type { Scenario } from "./scenario.ts";

/** A kind of traffic that every contender is measured with. */
export interface Workload extends Omit<Traffic, "targets"> {
  readonly protocol: Protocol;
  /** The contender that the others are divided by. */
  readonly yardstick: string;
  /** Limits that were set beforehand; default none. */
  readonly goals?: readonly ComparisonGoal[];
  readonly name: string;
  readonly purpose: string;
  /** What CPU time is given per, and how many of them one request is. */
  readonly unit: "request" | "MiB" | "round trip";
  readonly unitsPerRequest: number;
}

const mebibyte = 1024 * 1024;
const bulkBytes = 4 * mebibyte;
const small = { requestBytes: 64, answerBytes: 128, connections: 32, isLasting: true } as const;
const perRequest = { unit: "request", unitsPerRequest: 1 } as const;
const bulk = { ...small, connections: 4, unit: "MiB", unitsPerRequest: 4 } as const;

const tcp = { protocol: "tcp", yardstick: "haproxy" } as const;

const kinds: readonly Omit<Workload, "protocol" | "yardstick">[] = [
  {
    ...small,
    ...perRequest,
    name: "tcp-keepalive",
    goals: cpuWithin(limits.tcpKeepalive),
    purpose: "small requests, one after another on 32 lasting connections",
  },
  {
    ...small,
    ...perRequest,
    name: "tcp-newconn",
    goals: cpuWithin(limits.tcpNewconn),
    purpose: "a new connection for each small request, 32 at a time",
    isLasting: false,
  },
  {
    ...small,
    ...perRequest,
    name: "tcp-64k",
    goals: cpuWithin(limits.tcp64k),
    purpose: "answers of 64 KiB on 32 lasting connections",
    answerBytes: 65_536,
  },
  {
    ...bulk,
    name: "tcp-bulk",
    goals: cpuWithin(limits.tcpBulk),
    purpose: "answers of 4 MiB on 4 lasting connections",
    answerBytes: bulkBytes,
  },
  {
    ...bulk,
    name: "tcp-bulk-up",
    goals: cpuWithin(limits.tcpBulk),
    purpose: "requests of 4 MiB on 4 lasting connections",
    requestBytes: bulkBytes,
  },
];

const workloads: readonly Workload[] = kinds.map((kind) => ({ ...tcp, ...kind }));

/** The one of that name. */
export function tcpWorkload(name: string): Workload {
  const found = workloads.find((workload) => workload.name === name);
  if (found === undefined) throw new Error(`no workload ${name}`);
  return found;
}

export const tcpScenarios: readonly Scenario[] = workloads.map((workload) => ({
  name: workload.name,
  purpose: `${workload.purpose} (seconds per run, runs of each contender in alternation)`,
  seconds: 1,
  runs: 5,
  contenders,
  run: (bench) => measureTraffic(workload, bench),
}));

/** CPU time per unit, as a multiple of HAProxy's. */
function cpuWithin(limit: number): ComparisonGoal[] {
  return [{ what: "CPU time by HAProxy's", contender: portolan.name, by: "ratio", limit }];
}
