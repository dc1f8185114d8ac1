import type { Workload } from "../scenarios/tcp.ts";
import type { Row } from "./comparison-table.ts";
import type { Goal } from "./report.ts";
import { formatNumber } from "./table.ts";

/** A limit on what a contender's figure may be as a multiple of the yardstick's. */
export interface ComparisonGoal {
  readonly what: string;
  readonly contender: string;
  readonly by: "ratio" | "p50Ratio" | "p99Ratio";
  readonly limit: number;
}

/** Below this share of the requests that were due, figures are those of another load. */
export const reachedShare = 0.95;
/** A proxy with more time to spare than this sleeps and wakes all the time: its CPU time is not that of a full load. */
export const saturatedShare = 0.5;

/** The same goals with one reason more not to believe their figures; without one as they are. */
export function doubted(goals: readonly Goal[], doubt: string | undefined): Goal[] {
  if (doubt === undefined) return [...goals];
  return goals.map((goal) => {
    const doubts = goal.doubt === undefined ? doubt : `${goal.doubt}; ${doubt}`;
    return { ...goal, doubt: doubts };
  });
}

/** The goals of a workload; of those whose two sides were not both measured well, with the reason. */
export function comparisonGoals(
  { goals = [], yardstick, ratePerSecond, connections }: Workload,
  rows: readonly Row[],
): Goal[] {
  const rowOf = (name: string): Row | undefined => rows.find(({ contender }) => contender === name);
  return goals.flatMap(({ what, contender, by, limit }) => {
    const own = rowOf(contender);
    if (own === undefined) return [];
    const doubts = [
      ...doubtsOf(contender, own, { ratePerSecond, connections }),
      ...doubtsOf(yardstick, rowOf(yardstick), { ratePerSecond, connections }),
    ];
    const doubt = doubts.length === 0 ? {} : { doubt: doubts.join("; ") };
    return [{ what, limit, measured: own[by]?.median ?? NaN, unit: "×", ...doubt }];
  });
}

function doubtsOf(
  name: string,
  row: Row | undefined,
  { ratePerSecond, connections }: { ratePerSecond: number | undefined; connections: number },
): string[] {
  if (row?.rate === undefined) return [`${name} was not measured`];
  const doubts: string[] = [];
  if (row.dropped !== undefined) doubts.push(`${name} ${row.dropped}`);
  if (row.failed > 0) doubts.push(`${name} had ${row.failed} failures`);
  if (ratePerSecond !== undefined && row.rate.median < reachedShare * ratePerSecond)
    doubts.push(`${name} reached ${formatNumber(row.rate.median)} of ${ratePerSecond} a second`);
  const share = row.cpuShare?.median ?? 1;
  // One client at a time leaves every proxy idle, which is what is asked then.
  if (ratePerSecond === undefined && connections > 1 && share < saturatedShare)
    doubts.push(`${name} was busy for ${formatNumber(100 * share)} % of the time only`);
  return doubts;
}
