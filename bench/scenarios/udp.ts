import { direct } from "../contenders/direct.ts";
import { nginxStream } from "../contenders/nginx-stream.ts";
import { pen } from "../contenders/pen.ts";
import { portolan } from "../contenders/portolan.ts";
import { measureTraffic } from "../support/comparison.ts";
import type { ComparisonGoal } from "../support/comparison-goals.ts";
import { limits } from "../goals.ts";
import type { Scenario } from "./scenario.ts";
import type { Workload } from "./tcp.ts";

const contenders = [direct, portolan, nginxStream, pen];

const small = {
  protocol: "udp",
  yardstick: nginxStream.name,
  unit: "round trip",
  unitsPerRequest: 1,
  isLasting: true,
  requestBytes: 200,
  answerBytes: 200,
} as const;

/** One client that waits for each answer. */
export const udpOneByOne: Workload = {
  ...small,
  name: "udp-rtt",
  purpose: "datagrams of 200 bytes there and back, one at a time from one client",
  connections: 1,
  goals: goals(limits.udpRtt),
};

const workloads: readonly Workload[] = [
  udpOneByOne,
  {
    ...small,
    name: "udp-pps",
    purpose: "datagrams of 200 bytes there and back, as many as answers come to 32 clients",
    connections: 32,
    goals: goals(limits.udpPps),
  },
];

export const udpScenarios: readonly Scenario[] = workloads.map((workload) => ({
  name: workload.name,
  purpose: `${workload.purpose} (seconds per run, runs of each contender in alternation)`,
  seconds: 1,
  runs: 5,
  contenders,
  run: (bench) => measureTraffic(workload, bench),
}));

function goals(limit: number): ComparisonGoal[] {
  const contender = portolan.name;
  return [
    { what: "CPU time by nginx's", contender, by: "ratio", limit },
    { what: "median round trip by nginx's", contender, by: "p50Ratio", limit: 1 },
  ];
}
