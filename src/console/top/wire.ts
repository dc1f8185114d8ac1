import { printable } from "../../model/problem.ts";
import { fieldsOf, listOf, numberOf, textOf, type Fields } from "../json.ts";

/** What is shown of a service or replica in numbers: open now; per second; since the start. */
export interface Traffic {
  readonly open: number;
  readonly opened: number;
  readonly received: number;
  readonly sent: number;
  readonly failed: number;
  readonly openedTotal: number;
  readonly failedTotal: number;
}

export const noTraffic: Traffic = {
  open: 0,
  opened: 0,
  received: 0,
  sent: 0,
  failed: 0,
  openedTotal: 0,
  failedTotal: 0,
};

export interface Service {
  readonly key: string;
  readonly app: string;
  readonly mode: string;
  readonly source: string;
  readonly up: number;
  readonly total: number;
  /** Why replicas are out; empty when all are up. */
  readonly out: string;
  readonly isListening: boolean;
  /** Addresses and hosts of its replicas, to be searched. */
  readonly places: string;
}

export interface Replica {
  readonly address: string;
  readonly host: string;
  readonly state: string;
  readonly reason: string;
  readonly weight: number;
  /** In ms since the epoch. */
  readonly since: number;
  readonly traffic: Traffic;
}

export interface SourceState {
  readonly name: string;
  readonly connected: boolean;
  /** In ms since the epoch; not a number before the first. */
  readonly lastSync: number;
  readonly lastError: string;
}

export interface Problem {
  readonly kind: string;
  readonly subject: string;
  readonly reason: string;
}

/** What came over the wire must not move the cursor of those who read it. */
function safe(value: unknown): string {
  return printable(textOf(value), 400);
}

export function readTraffic(values: readonly unknown[]): Traffic {
  const [open, opened, received, sent, failed, openedTotal, failedTotal] = Object.keys(
    noTraffic,
  ).map((_, place) => numberOf(values[place]) ?? 0);
  const rates = { opened: opened ?? 0, received: received ?? 0, sent: sent ?? 0 };
  const totals = { openedTotal: openedTotal ?? 0, failedTotal: failedTotal ?? 0 };
  return { open: open ?? 0, ...rates, failed: failed ?? 0, ...totals };
}

export function readService(fields: Fields): Service {
  const { key, app, mode, source, up, total, out, listening, places } = fields;
  return {
    key: safe(key),
    app: safe(app),
    mode: safe(mode),
    source: safe(source),
    up: numberOf(up) ?? 0,
    total: numberOf(total) ?? 0,
    out: safe(out),
    isListening: listOf(listening).length > 0,
    places: printable(textOf(places), 4096),
  };
}

export function readReplica(fields: Fields): Replica {
  const { address, host, state, reason, weight, since, traffic } = fields;
  return {
    address: safe(address),
    host: safe(host),
    state: safe(state),
    reason: safe(reason),
    weight: numberOf(weight) ?? 0,
    since: numberOf(since) ?? Number.NaN,
    traffic: readTraffic(listOf(traffic)),
  };
}

export function readSource(value: unknown): SourceState {
  const { name, connected, lastSync, lastError } = fieldsOf(value);
  return {
    name: safe(name),
    connected: connected === true,
    lastSync: Date.parse(textOf(lastSync)),
    lastError: safe(lastError),
  };
}

export function readProblem(value: unknown): Problem {
  const { kind, subject, reason } = fieldsOf(value);
  return { kind: safe(kind), subject: safe(subject), reason: safe(reason) };
}
