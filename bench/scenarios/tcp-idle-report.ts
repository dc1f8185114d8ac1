import { portolan } from "../contenders/portolan.ts";
import { limits } from "../goals.ts";
import type { Present } from "../support/available.ts";
import { roundedFigure } from "../support/comparison-table.ts";
import { openFileLimit } from "../support/proc.ts";
import type { Figures, Goal, Report } from "../support/report.ts";
import { type Figure, figureOf } from "../support/stats.ts";
import { formatFigure } from "../support/table.ts";

export const wanted = 10_000;

/** One run of one contender; memory in MB, undefined without a proxy. */
export interface Held {
  readonly contender: string;
  readonly before: number | undefined;
  readonly connected: number | undefined;
  readonly afterwards: number | undefined;
  readonly lost: number;
}

interface Measured {
  readonly present: readonly Present[];
  readonly held: readonly Held[];
  /** That each contender held. */
  readonly connections: number;
  readonly notes: readonly string[];
}

/** All runs of one contender. */
interface Row {
  readonly name: string;
  readonly version: string;
  readonly memory: Readonly<Record<string, Figure | undefined>>;
  readonly reckoned: Figure | undefined;
  readonly lost: number;
}

export function toReport({ present, held, connections, notes }: Measured): Report {
  const rows = present.map((each) => rowOf(each, held, connections));
  const method = `${connections} connections are what every contender may hold with ${openFileLimit()} open files; ${wanted} are reckoned as the memory with these and, for each that is missing, the growth from before divided by their number`;
  return {
    tables: [
      {
        title: `tcp-idle: resident memory of the proxy, ${connections} idle connections`,
        columns: [
          "contender",
          "before MB",
          "connected MB",
          "KB per connection",
          "afterwards MB",
          `${wanted} connections MB`,
          "lost",
        ],
        rows: rows.map(({ name, memory, reckoned, lost }) => [
          name,
          formatFigure(memory["before"]),
          formatFigure(memory["connected"]),
          formatFigure(memory["perConnectionKb"]),
          formatFigure(memory["afterwards"]),
          formatFigure(reckoned),
          String(lost),
        ]),
      },
    ],
    figures: {
      connections,
      ...Object.fromEntries(rows.map((row) => [row.name, figuresOf(row)])),
    },
    goals: goalsOf(rows.find(({ name }) => name === portolan.name)),
    notes: [
      "what the kernel keeps for the sockets is not in these figures",
      ...(connections < wanted ? [method] : []),
      ...notes,
    ],
  };
}

function rowOf(
  { contender: { name }, version }: Present,
  held: readonly Held[],
  connections: number,
): Row {
  const own = held.filter(({ contender }) => contender === name);
  const figure = (read: (each: Held) => number | undefined): Figure | undefined =>
    figureOf(own.map((each) => read(each) ?? NaN));
  const perConnectionKb = ({ before = NaN, connected = NaN }: Held): number =>
    ((connected - before) * 1024) / connections;
  return {
    name,
    version,
    memory: {
      before: figure(({ before }) => before),
      connected: figure(({ connected }) => connected),
      perConnectionKb: figure(perConnectionKb),
      afterwards: figure(({ afterwards }) => afterwards),
    },
    reckoned: figure(
      (each) => (each.connected ?? NaN) + ((wanted - connections) * perConnectionKb(each)) / 1024,
    ),
    lost: own.reduce((sum, { lost }) => sum + lost, 0),
  };
}

function goalsOf(own: Row | undefined): Goal[] {
  if (own === undefined) return [];
  const measured = own.reckoned?.median ?? NaN;
  const limit = limits.idleConnectionsMb;
  return [
    { what: `${wanted} idle connections`, limit, measured, unit: "MB" },
    { what: "connections lost while idle", limit: 0, measured: own.lost, unit: "" },
  ];
}

function figuresOf({ version, memory, reckoned, lost }: Row): Figures {
  const known = Object.entries({ ...memory, reckoned }).flatMap(([name, figure]) =>
    figure === undefined ? [] : [[name, roundedFigure(figure)] as const],
  );
  return { version, ...Object.fromEntries(known), lost };
}
