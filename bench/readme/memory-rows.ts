import { limits } from "../goals.ts";
import { short } from "./figures.ts";
import { mb, type Part, type Row } from "./goal-row.ts";
import type { Results } from "./results.ts";

/** What is kept in memory. */
export function memoryRows(results: Results): Row[] {
  const held = results.number("tcp-idle", "connections");
  const growth = (who: string): Part => {
    const value = results.measured("stalled-readers", `growth, ${who}`);
    return { value, limit: limits.stalledGrowthMb, show: mb };
  };
  const stalled = short(results.condition("stalled-readers", "seconds"));
  return [
    {
      scenario: "idle-memory",
      what: "memory with 10 idle services",
      goal: `≤ ${limits.idleMb} MB`,
      parts: [{ value: results.number("idle-memory", "idle"), limit: limits.idleMb, show: mb }],
    },
    {
      scenario: "tcp-idle",
      what: `memory with 10,000 idle connections${held === 10_000 ? "" : ` (extrapolated from ${short(held)})`}`,
      goal: `≤ ${limits.idleConnectionsMb} MB`,
      parts: [
        {
          value: results.measured("tcp-idle", "10000 idle connections"),
          limit: limits.idleConnectionsMb,
          show: mb,
        },
      ],
    },
    {
      scenario: "stalled-readers",
      what: `growth behind 100 clients; then 100 replicas, that read nothing for ${stalled} s`,
      goal: `≤ ${limits.stalledGrowthMb} MB`,
      parts: [growth("clients stop reading"), growth("replicas do not read")],
    },
  ];
}
