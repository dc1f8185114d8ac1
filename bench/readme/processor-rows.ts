import { limits } from "../goals.ts";
import { times, type Part, type Row } from "./goal-row.ts";
import type { Results } from "./results.ts";

/** What things cost beside the same in another way. */
export function processorRows(results: Results): Row[] {
  const udp = (scenario: string, by: string, limit: number): Part => {
    const goal = by === "ratio" ? "CPU time by nginx's" : "median round trip by nginx's";
    const isDoubted = results.isDoubted(scenario, goal);
    return { value: results.number(scenario, "portolan", by), limit, isDoubted, show: times };
  };
  const gain = (traffic: string): Part => {
    const value = results.number("workers", `2, ${traffic}`, "work × 1 worker");
    const goal = `CPU time per request by that of one worker, 2, ${traffic}: two cores do ${limits.workersGain} × the work`;
    const isDoubted = results.isDoubted("workers", goal);
    return { value, limit: limits.workersGain, bound: "least", isDoubted, show: times };
  };
  const hosts = "portolan, 10000 hosts";
  return [
    {
      scenario: "udp-rtt",
      what: "UDP, one datagram at a time by nginx's: CPU time; median round trip",
      goal: `≤ ${times(limits.udpRtt)}; ≤ ${times(1)}`,
      parts: [udp("udp-rtt", "ratio", limits.udpRtt), udp("udp-rtt", "p50Ratio", 1)],
    },
    {
      scenario: "udp-pps",
      what: "UDP, 32 clients at once, the same",
      goal: `≤ ${times(limits.udpPps)}; ≤ ${times(1)}`,
      parts: [udp("udp-pps", "ratio", limits.udpPps), udp("udp-pps", "p50Ratio", 1)],
    },
    {
      scenario: "http-vhost",
      what: "CPU time of a GET with 10,000 host names by that with 10",
      goal: `≤ ${times(limits.httpVhost)}`,
      parts: [
        {
          value: results.number("http-vhost", hosts, "ratio"),
          limit: limits.httpVhost,
          isDoubted: results.isDoubted("http-vhost", "CPU time with 10,000 hosts by that with 10"),
          show: times,
        },
      ],
    },
    {
      scenario: "workers",
      what: "two workers on two cores, work by the CPU time of one: lasting connections; one per request",
      goal: `≥ ${times(limits.workersGain)}`,
      parts: [gain("lasting connections"), gain("a connection per request")],
    },
  ];
}
