import type { Lap } from "../actors/verbs.ts";
import type { Figures, Goal, Report } from "../support/report.ts";
import { formatNumber, type Table } from "../support/table.ts";

/** What both proxies are put under. */
interface Loaded {
  readonly seconds: number;
  /** A new connection per request. */
  readonly fresh: Lap;
  readonly lasting: Lap;
}

/** Portolan while routes change. */
export interface Swapped extends Loaded {
  /** Versions of the routing table that came and went. */
  readonly changes: number;
  readonly inodes: ReadonlySet<string>;
  readonly said: string;
}

/** HAProxy while one process takes over from another. */
export interface Reloaded extends Loaded {
  readonly reloads: number;
}

export interface Measured {
  readonly swapped: Swapped | undefined;
  readonly reloaded: Reloaded | undefined;
  readonly notes: readonly string[];
}

export function toReport({ swapped, reloaded, notes }: Measured): Report {
  const tables: Table[] = [];
  const figures: Record<string, Figures> = {};
  if (swapped !== undefined) {
    tables.push(tableOf(`portolan, ${swapped.changes} route changes`, swapped));
    const { changes, inodes } = swapped;
    figures["portolan"] = { changes, ...counts(swapped), listeningSockets: inodes.size };
  }
  if (reloaded !== undefined) {
    tables.push(tableOf(`haproxy, ${reloaded.reloads} reloads by -sf`, reloaded));
    figures["haproxy -sf"] = { reloads: reloaded.reloads, ...counts(reloaded) };
  }
  return {
    tables,
    figures,
    goals: swapped === undefined ? [] : goalsOf(swapped),
    notes: [
      ...failuresOf("portolan", swapped),
      ...failuresOf("haproxy -sf", reloaded),
      ...(reloaded === undefined
        ? []
        : [
            "a new HAProxy binds the port beside the old one; passing the socket on (-x) is another way, not measured",
          ]),
      ...(swapped === undefined || swapped.said === "" ? [] : [`portolan logged: ${swapped.said}`]),
      ...notes,
    ],
  };
}

function goalsOf(swapped: Swapped): Goal[] {
  const stray = swapped.inodes.size - 1;
  return [
    { what: "failed connections", limit: 0, measured: failedOf(swapped), unit: "" },
    { what: "times the listening socket was another one", limit: 0, measured: stray, unit: "" },
  ];
}

function tableOf(what: string, { seconds, ...loaded }: Loaded): Table {
  return {
    title: `swap: ${what} in ${formatNumber(seconds)} s`,
    columns: [
      "load",
      "requests",
      "failed",
      "replicas seen",
      "p50 ms",
      "p99 ms",
      "p99.9 ms",
      "max ms",
    ],
    rows: named(loaded).map(({ what: load, lap }) => [
      load,
      String(lap.completed),
      String(lap.failed),
      String(lap.replicas.length),
      formatNumber(lap.latency.p50),
      formatNumber(lap.latency.p99),
      formatNumber(lap.latency.p999),
      formatNumber(lap.latency.max),
    ]),
  };
}

function counts(loaded: Loaded): Figures {
  const { fresh, lasting } = loaded;
  return {
    newConnections: fresh.completed,
    requestsOnLastingConnections: lasting.completed,
    failed: failedOf(loaded),
  };
}

function failedOf({ fresh, lasting }: Loaded): number {
  return fresh.failed + lasting.failed;
}

function failuresOf(contender: string, loaded: Loaded | undefined): string[] {
  if (loaded === undefined) return [];
  return named(loaded).flatMap(({ what, lap }) =>
    Object.entries(lap.failures).map(([why, count]) => `${contender}, ${what}: ${count} × ${why}`),
  );
}

function named({
  fresh,
  lasting,
}: Pick<Loaded, "fresh" | "lasting">): { what: string; lap: Lap }[] {
  return [
    { what: "new connection per request", lap: fresh },
    { what: "16 lasting connections", lap: lasting },
  ];
}
