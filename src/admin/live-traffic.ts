import {
  closedColumn,
  droppedColumn,
  failureColumn,
  replicaColumns,
  serviceColumns,
} from "../model/counters.ts";
import { dialFailures, dropReasons, sideOf, type Outcome, outcomes } from "../model/outcome.ts";
import type { Protocol } from "../model/service.ts";
import type { Traffic } from "./live-document.ts";

/** What a row of the shared counters says: what is open now, and what was counted since the start. */
export interface Totals {
  readonly open: number;
  readonly opened: number;
  readonly received: number;
  readonly sent: number;
  readonly failed: number;
  readonly retried: number;
  readonly denied: number;
}

/** Endings that are neither the client's own nor asked for by an operator. */
const quietEndings: ReadonlySet<Outcome> = new Set<Outcome>(["idle-timeout", "drained", "denied"]);
const errorColumns = outcomes
  .filter((outcome) => sideOf(outcome) !== "downstream" && !quietEndings.has(outcome))
  .map((outcome) => closedColumn(outcome));
const dropColumns = dropReasons
  .filter((reason) => reason !== "denied")
  .map((reason) => droppedColumn(reason));
const dialColumns = dialFailures.map((failure) => failureColumn(failure));

/** A service's row; for UDP sessions count as connections and dropped datagrams as errors. */
export function serviceTotals(cells: Float64Array | undefined, protocol: Protocol): Totals {
  const { accepted, active, sessions, sessionsActive, received, sent, retries } = serviceColumns;
  const isUdp = protocol === "udp";
  return {
    open: cellOf(cells, isUdp ? sessionsActive : active),
    opened: cellOf(cells, isUdp ? sessions : accepted),
    received: cellOf(cells, received),
    sent: cellOf(cells, sent),
    failed: sumOf(cells, isUdp ? dropColumns : errorColumns),
    retried: cellOf(cells, retries),
    denied: cellOf(cells, isUdp ? droppedColumn("denied") : closedColumn("denied")),
  };
}

/** A replica's row; its errors are the attempts to reach it that failed. */
export function replicaTotals(cells: Float64Array | undefined): Totals {
  const { connections, active, received, sent } = replicaColumns;
  return {
    open: cellOf(cells, active),
    opened: cellOf(cells, connections),
    received: cellOf(cells, received),
    sent: cellOf(cells, sent),
    failed: sumOf(cells, dialColumns),
    retried: 0,
    denied: 0,
  };
}

function sumOf(cells: Float64Array | undefined, columns: readonly number[]): number {
  return columns.reduce((sum, column) => sum + cellOf(cells, column), 0);
}

function cellOf(cells: Float64Array | undefined, column: number): number {
  return cells?.[column] ?? 0;
}

interface Sample {
  readonly at: number;
  readonly totals: Totals;
}

/** Turns totals into rates: since the round before, each. What a round did not measure is forgotten by the next. */
export class TrafficMeter {
  #before = new Map<string, Sample>();
  #now = new Map<string, Sample>();

  /** Begins a round. */
  turn(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }

  /** `at` in ms of a clock that never goes back. The first look at an id has no rates: they are 0. */
  measure(id: string, totals: Totals, at: number): Traffic {
    const before = this.#before.get(id);
    this.#now.set(id, { at, totals });
    const { open, opened, received, sent, failed, retried, denied } = totals;
    // A row that was given to somebody else begins at 0 again.
    const rate = (now: number, was: number | undefined): number =>
      before === undefined || was === undefined || at <= before.at || now < was
        ? 0
        : ((now - was) * 1000) / (at - before.at);
    return [
      open,
      tenths(rate(opened, before?.totals.opened)),
      Math.round(rate(received, before?.totals.received)),
      Math.round(rate(sent, before?.totals.sent)),
      tenths(rate(failed, before?.totals.failed)),
      opened,
      failed,
      retried,
      denied,
    ];
  }
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
