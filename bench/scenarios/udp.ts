import { direct } from "../contenders/direct.ts";
import { nginxStream } from "../contenders/nginx-stream.ts";
import { pen } from "../contenders/pen.ts";
import { portolan } from "../contenders/portolan.ts";
import { measureTraffic } from "../support/comparison.ts";
import type { Row } from "../support/comparison-table.ts";
import type { Goal } from "../support/report.ts";
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
  goals,
} as const;

const workloads: readonly Workload[] = [
  {
    ...small,
    name: "udp-rtt",
    purpose: "datagrams of 200 bytes there and back, one at a time from one client",
    connections: 1,
  },
  {
    ...small,
    name: "udp-pps",
    purpose: "datagrams of 200 bytes there and back, as many as answers come to 32 clients",
    connections: 32,
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

function goals(rows: readonly Row[]): Goal[] {
  const own = rows.find(({ contender }) => contender === portolan.name);
  const other = rows.find(({ contender }) => contender === nginxStream.name);
  if (own?.ratio === undefined || own.p50 === undefined || other?.p50 === undefined) return [];
  return [
    { what: "CPU time by nginx's", limit: 1.1, measured: own.ratio.median, unit: "×" },
    {
      what: "median round trip, at most nginx's",
      limit: other.p50.median,
      measured: own.p50.median,
      unit: "ms",
    },
  ];
}
