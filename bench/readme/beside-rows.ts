import { limits } from "../goals.ts";
import { short } from "./figures.ts";
import { times, percent, type Part, type Row } from "./goal-row.ts";
import type { Results } from "./results.ts";

/** What goes on beside a steady load, on one core with it and, second, on another. */
export function besideRows(results: Results): Row[] {
  const share = (value: number): string => percent(100 * value);
  const beside = (scenario: string, ratio: string, limit: number): Part[] =>
    ["one core", "worker on another core"].map((placement) => {
      return { value: results.number(scenario, placement, ratio), limit, show: times };
    });
  return [
    {
      scenario: "probes",
      what: "control thread while 2,000 replicas are probed every 2 s",
      goal: `≤ ${share(limits.probesShare)}`,
      parts: [{ value: results.number("probes", "share"), limit: limits.probesShare, show: share }],
    },
    {
      scenario: "probes",
      what: "p99 of a steady load beside those by its quiet value, and by the same of a load without a proxy, on one core; worker on another",
      goal: `≤ ${times(limits.probesP99)}`,
      parts: beside("probes", "addedP99Ratio", limits.probesP99),
    },
    {
      scenario: "refresh",
      what: "p99 of a steady load beside back-to-back lists of 10,000 tasks by its quiet value, on one core; worker on another",
      goal: `≤ ${times(limits.refreshP99)}`,
      parts: beside("refresh", "p99Ratio", limits.refreshP99),
    },
    {
      scenario: "dns",
      what: "the same beside 15,000 DNS questions a second for 10,000 replicas",
      goal: `≤ ${times(limits.dnsP99)}`,
      parts: beside("dns", "ratio", limits.dnsP99),
    },
    {
      scenario: "dns",
      what: "DNS answers for 10,000 replicas that a processor has the time for, per second",
      goal: `≥ ${short(limits.dnsPerSecond)}`,
      parts: [answers(results.number("dns", "microsPerAnswer"))],
    },
  ];
}

function answers(micros: number | undefined): Part {
  const value = micros === undefined ? undefined : 1e6 / micros;
  return { value, limit: limits.dnsPerSecond, bound: "least", show: short };
}
