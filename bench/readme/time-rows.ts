import { limits } from "../goals.ts";
import { ms, seconds, type Part, type Row } from "./goal-row.ts";
import type { Results } from "./results.ts";

/** How soon something is followed. */
export function timeRows(results: Results): Row[] {
  const route = (size: string, what: string, rank: string): number | undefined =>
    results.number("route-latency", size, what, rank);
  const [few, many] = ["10 apps", "1,000 apps with 10,000 tasks"];
  const p99 = (value: number): string => `p99 ${ms(value)}`;
  const p50 = (value: number): string => `p50 ${ms(value)}`;
  const added = (size: string, limit: number): Part[] => [
    { value: route(size, "new task answers", "p50"), show: p50 },
    { value: route(size, "new task answers", "p99"), limit, show: p99 },
  ];
  const start = (from: string): Part => {
    return { value: results.number("start", from), limit: limits.startMs, show: seconds };
  };
  const failover = (name: string, limit: number): Part => {
    return { value: results.number("failover", name), limit, show: seconds };
  };
  return [
    {
      scenario: "route-latency",
      what: "Marathon's event of a new task → its replica answers, 10 apps",
      goal: `p99 ≤ ${limits.routeMs} ms`,
      parts: added(few, limits.routeMs),
    },
    {
      scenario: "route-latency",
      what: "the same with 1,000 apps and 10,000 probed tasks",
      goal: `p99 ≤ ${limits.routeLargeMs} ms`,
      parts: added(many, limits.routeLargeMs),
    },
    {
      scenario: "route-latency",
      what: "Marathon's event of a killed task → no new connection to it, 10 apps; 1,000",
      goal: "–",
      parts: [few, many].map((size) => {
        return { value: route(size, "killed task is out", "p99"), show: p99 };
      }),
    },
    {
      scenario: "source-latency",
      what: "a change in etcd 2; in etcd 3; in Consul (stand-in) is routed, p90 of the slowest kind of change",
      goal: `≤ ${limits.sourceMs} ms`,
      parts: ["etcd v2", "etcd v3", "Consul (stand-in)"].map((source) => {
        return { value: slowest(results, source), limit: limits.sourceMs, show: ms };
      }),
    },
    {
      scenario: "start",
      what: "cold start with 10,000 tasks → its first answer, from Marathon; from the state file",
      goal: `≤ ${limits.startMs / 1000} s`,
      parts: [start("from Marathon"), start("from the state file")],
    },
    {
      scenario: "publish-files",
      what: "10,000 services in upstream files: the first write; one more when one has changed",
      goal: `≤ ${limits.publishFirstMs / 1000} s; –`,
      parts: [
        {
          value: results.measured("publish-files", "first write"),
          limit: limits.publishFirstMs,
          show: seconds,
        },
        { value: results.number("publish-files", "one changes", "ms"), show: ms },
      ],
    },
    {
      scenario: "failover",
      what: "Redis failover → a write through the port of `redis-master`, worst run",
      goal: `≤ ${limits.redisMs / 1000} s`,
      parts: [failover("redisMs", limits.redisMs)],
    },
    {
      scenario: "failover",
      what: "SIGSTOP → out of rotation, worst run, check every 2 s with 2 s of time; 0.5 s with 1 s",
      goal: `≤ ${limits.stoppedMs / 1000} s; ≤ ${limits.stoppedFastMs / 1000} s`,
      parts: [
        failover("stoppedMs", limits.stoppedMs),
        failover("stoppedFastMs", limits.stoppedFastMs),
      ],
    },
  ];
}

function slowest(results: Results, source: string): number | undefined {
  const changes = ["add one", "remove one", "remove the last", "add the first"];
  const found = changes.flatMap(
    (change) => results.number("source-latency", `${source}: ${change}`, "p90") ?? [],
  );
  return found.length === 0 ? undefined : Math.max(...found);
}
