import { ageText } from "../age.ts";
import { fit, quantity } from "./quantities.ts";
import type { SortOrder, TopRow, TopState } from "./state.ts";
import { noTraffic, type Traffic } from "./wire.ts";

/** What a line says, by column. */
interface Cells {
  readonly name: string;
  readonly port: string;
  readonly state: string;
  readonly reason: string;
  readonly traffic: Traffic;
}

interface Column {
  readonly title: string;
  readonly width: number;
  readonly isNumber: boolean;
  readonly text: (cells: Cells) => string;
  /** What it is sorted by; absent when it cannot be. */
  readonly sort?: SortOrder;
  /** In narrow terminals, columns of higher rank go first. */
  readonly rank: number;
}

const numeric = { width: 7, isNumber: true } as const;

const columns: readonly Column[] = [
  { title: "PORT", width: 10, isNumber: false, text: ({ port }) => port, sort: "port", rank: 0 },
  { title: "STATE", width: 11, isNumber: false, text: ({ state }) => state, sort: "up", rank: 0 },
  {
    title: "OPEN",
    ...numeric,
    text: ({ traffic }) => quantity(traffic.open),
    sort: "open",
    rank: 1,
  },
  {
    title: "NEW/S",
    ...numeric,
    text: ({ traffic }) => quantity(traffic.opened),
    sort: "opened",
    rank: 2,
  },
  {
    title: "IN B/S",
    ...numeric,
    text: ({ traffic }) => quantity(traffic.received),
    sort: "bytes",
    rank: 4,
  },
  { title: "OUT B/S", ...numeric, text: ({ traffic }) => quantity(traffic.sent), rank: 4 },
  {
    title: "ERRORS",
    ...numeric,
    text: ({ traffic }) => quantity(traffic.failedTotal),
    sort: "errors",
    rank: 3,
  },
];

const leastName = 16;
const leastReason = 24;

/** How a terminal of this width is divided. */
export interface Layout {
  readonly shown: readonly Column[];
  readonly nameWidth: number;
  readonly reasonWidth: number;
}

export function layOut(width: number): Layout {
  let shown = columns;
  const rest = (): number => width - shown.reduce((sum, column) => sum + column.width + 1, 0);
  for (const rank of [4, 3, 2, 1]) {
    if (rest() < leastName + 8) shown = shown.filter((column) => column.rank < rank);
  }
  const room = Math.max(leastName, rest());
  const reasonWidth = room < leastName + leastReason ? 0 : Math.floor(room * 0.45);
  const gap = reasonWidth === 0 ? 0 : 2;
  return { shown, nameWidth: room - reasonWidth - gap, reasonWidth };
}

/** The headings, the one sorted by with a mark. */
export function headingLine({ shown, nameWidth, reasonWidth }: Layout, state: TopState): string {
  const arrow = state.isReversed ? "▲" : "▼";
  const titled = (title: string, sort: SortOrder | undefined): string =>
    sort === state.sort ? `${title}${arrow}` : title;
  const titles = shown.map(({ title, sort, width, isNumber }) =>
    fit(titled(title, sort), width, isNumber),
  );
  const reason = reasonWidth === 0 ? "" : `  ${fit("REASON", reasonWidth)}`;
  return `${[fit(titled("SERVICE", "app"), nameWidth), ...titles].join(" ")}${reason}`;
}

/** A service or a replica as a line. */
export function rowLine(
  row: TopRow,
  { shown, nameWidth, reasonWidth }: Layout,
  state: TopState,
): string {
  const cells = cellsOf(row, state);
  const texts = shown.map(({ text, width, isNumber }) => fit(text(cells), width, isNumber));
  const reason = reasonWidth === 0 ? "" : `  ${fit(cells.reason, reasonWidth)}`;
  return `${[fit(cells.name, nameWidth), ...texts].join(" ")}${reason}`;
}

function cellsOf({ service, replica }: TopRow, { picture, unfolded }: TopState): Cells {
  if (replica !== undefined) {
    const { address, state, reason, since, traffic } = replica;
    const weight = replica.weight === 0 ? ", weight 0" : "";
    const age = ageText(picture.now - since);
    return {
      name: `    ${address}`,
      port: "",
      state,
      reason: `${reason} (${age})${weight}`,
      traffic,
    };
  }
  const { key, app, up, total, out, isListening } = service;
  return {
    name: `${unfolded.has(key) ? "▾" : "▸"} ${app}`,
    port: key,
    state: `${up}/${total} up`,
    reason: [...(isListening ? [] : ["not listening"]), ...(out === "" ? [] : [out])].join("; "),
    traffic: picture.traffic.get(key) ?? noTraffic,
  };
}
