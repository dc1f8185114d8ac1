import { direct } from "../contenders/direct.ts";
import {
  freshHttpContenders,
  haproxyHttp,
  httpContenders,
  portolanHttp,
} from "../contenders/http.ts";
import {
  haproxyManyHosts,
  nginxManyHosts,
  portolanFewHosts,
  portolanManyHosts,
} from "../contenders/vhost.ts";
import { measureTraffic } from "../support/comparison.ts";
import type { ComparisonGoal } from "../support/comparison-goals.ts";
import { limits } from "../goals.ts";
import type { Scenario } from "./scenario.ts";
import type { Workload } from "./tcp.ts";

const hostContenders = [
  direct,
  portolanFewHosts,
  portolanManyHosts,
  haproxyManyHosts,
  nginxManyHosts,
];

const small = {
  protocol: "tcp",
  isHttp: true,
  yardstick: haproxyHttp.name,
  unit: "request",
  unitsPerRequest: 1,
  connections: 32,
  requestBytes: 0,
  answerBytes: 128,
} as const;

/** A GET after another on lasting connections. */
export const keptGets: Workload = {
  ...small,
  name: "http-keepalive",
  purpose: "GET requests in HTTP mode, one after another on 32 lasting connections",
  isLasting: true,
  goals: cpuWithin(limits.httpKeepalive),
};

/** portolan sends a client's first GET on a connection to the replica that it has; HAProxy does so with `always` only. */
export const freshGets: Workload = {
  ...small,
  name: "http-newconn",
  purpose: "a new connection for each GET request in HTTP mode, 32 at a time",
  isLasting: false,
  goals: cpuWithin(limits.httpNewconn),
};

const byHost: Workload = {
  ...small,
  name: "http-vhost",
  purpose:
    "GET requests to one of 10 or of 10,000 hosts, one after another on 32 lasting connections",
  yardstick: portolanFewHosts.name,
  isLasting: true,
  goals: [
    {
      what: "CPU time with 10,000 hosts by that with 10",
      contender: portolanManyHosts.name,
      by: "ratio",
      limit: limits.httpVhost,
    },
  ],
};

const questions = [
  { workload: keptGets, contenders: httpContenders },
  { workload: freshGets, contenders: freshHttpContenders },
  { workload: byHost, contenders: hostContenders },
];

export const httpScenarios: readonly Scenario[] = questions.map(({ workload, contenders }) => ({
  name: workload.name,
  purpose: `${workload.purpose} (seconds per run, runs of each contender in alternation)`,
  seconds: 2,
  runs: 5,
  contenders,
  run: (bench) => measureTraffic(workload, bench),
}));

function cpuWithin(limit: number): ComparisonGoal[] {
  return [{ what: "CPU time by HAProxy's", contender: portolanHttp.name, by: "ratio", limit }];
}
