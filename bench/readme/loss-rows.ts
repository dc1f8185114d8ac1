import { limits } from "../goals.ts";
import { short } from "./figures.ts";
import { ms, mb, percent, type Part, type Row } from "./goal-row.ts";
import type { Results } from "./results.ts";

/** What is lost meanwhile. */
export function lossRows(results: Results): Row[] {
  const changes = short(results.condition("swap", "runs"));
  const replaced = "times the listening socket was another one";
  const reloading = (figure: string): number | undefined =>
    results.number("swap", "haproxy -sf", figure);
  const reloads = reloading("reloads");
  const failed = (scenario: string): Part => {
    return { value: results.number(scenario, "failed"), limit: 0, show: short };
  };
  return [
    {
      scenario: "swap",
      what: `failed connections in ${changes} route changes under load; times the listening socket was another one`,
      goal: "0; 0",
      parts: [
        { value: results.measured("swap", "failed connections"), limit: 0, show: short },
        { value: results.measured("swap", replaced), limit: 0, show: short },
      ],
    },
    ...(reloads === undefined
      ? []
      : [
          {
            scenario: "swap",
            what: `HAProxy under the same load: failed of ${short(reloading("newConnections"))} connections in ${reloads} reloads by \`-sf\``,
            goal: "–",
            parts: [{ value: reloading("failed"), show: short }],
          },
        ]),
    {
      scenario: "refused",
      what: "one of two replicas refuses, 40 services: failed connections; added p99",
      goal: `0; ≤ ${limits.refusedAddedMs} ms`,
      parts: [
        failed("refused"),
        { value: results.number("refused", "addedP99"), limit: limits.refusedAddedMs, show: ms },
      ],
    },
    {
      scenario: "failover",
      what: "failed of the next 1,000 connections after `kill -9` of one of two replicas",
      goal: "0",
      parts: [failed("failover")],
    },
    {
      scenario: "udp-flood",
      what: "100,000 one-shot UDP addresses: growth; most sessions; lost answers of 100 clients beside",
      goal: `≤ ${limits.floodGrowthMb} MB; ≤ ${short(limits.floodSessions)}; ≤ ${limits.floodLostPercent} %`,
      parts: [
        { value: results.number("udp-flood", "growthMb"), limit: limits.floodGrowthMb, show: mb },
        {
          value: results.number("udp-flood", "sessions"),
          limit: limits.floodSessions,
          show: short,
        },
        {
          value: results.number("udp-flood", "lost"),
          limit: limits.floodLostPercent,
          show: percent,
        },
      ],
    },
  ];
}
