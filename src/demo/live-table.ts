import { styleText } from "node:util";
import { replicaColumns, serviceColumns } from "../model/counters.ts";
import type { ReplicaFigures, ServiceFigures } from "../model/figures.ts";
import type { ReplicaState } from "../model/replica.ts";

/** Connections accepted so far by service, and when that was read, in ms of a clock that never goes back. */
export interface Reading {
  readonly at: number;
  readonly accepted: ReadonlyMap<string, number>;
}

export interface LiveTable {
  readonly lines: readonly string[];
  readonly reading: Reading;
}

export interface LiveTableOptions {
  readonly services: readonly ServiceFigures[];
  /** The previous reading, for rates; undefined shows none. */
  readonly before: Reading | undefined;
  /** In ms of the same clock. */
  readonly now: number;
  readonly colour: boolean;
}

type Style = Parameters<typeof styleText>[0];

const styles: Readonly<Record<ReplicaState, Style>> = {
  up: "green",
  down: "red",
  unknown: "yellow",
  draining: "blue",
  ejected: "magenta",
};

/** The services with their replicas, states, open connections and connections per second, as lines of text. */
export function renderLiveTable({ services, before, now, colour }: LiveTableOptions): LiveTable {
  const accepted = new Map<string, number>();
  const lines = [row(["SERVICE / REPLICA", "STATE", "OPEN", "CONN/S"])];
  const paint = (style: Style, text: string): string =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  for (const { service, cells, replicas } of services) {
    const total = cells[serviceColumns.accepted] ?? 0;
    accepted.set(service, total);
    const open = String(cells[serviceColumns.active] ?? 0);
    const up = replicas.filter(({ state }) => state === "up").length;
    const rate = rateOf(total, before, { service, now });
    lines.push(paint("bold", row([service, `${up} of ${replicas.length} up`, open, rate])));
    for (const replica of replicas) lines.push(replicaRow(replica, paint));
  }
  return { lines, reading: { at: now, accepted } };
}

function replicaRow(
  replica: ReplicaFigures,
  paint: (style: Style, text: string) => string,
): string {
  const open = String(replica.cells[replicaColumns.active] ?? 0);
  const [name, state, connections] = inColumns([`  ${replica.replica}`, replica.state, open]);
  return `${name ?? ""}${paint(styles[replica.state], state ?? "")}${connections ?? ""}`;
}

function rateOf(
  total: number,
  before: Reading | undefined,
  { service, now }: { readonly service: string; readonly now: number },
): string {
  const old = before?.accepted.get(service);
  if (before === undefined || old === undefined || now <= before.at) return "-";
  return (((total - old) * 1000) / (now - before.at)).toFixed(1);
}

const widths = [30, 14, 8, 8];

function inColumns(texts: readonly string[]): string[] {
  return texts.map((text, index) => {
    const width = widths[index] ?? 0;
    return index < 2 ? text.padEnd(width) : text.padStart(width);
  });
}

function row(texts: readonly string[]): string {
  return inColumns(texts).join("");
}
