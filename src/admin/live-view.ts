import type { Problem } from "../model/problem.ts";
import type { Route, RoutedReplica, Table } from "../routing/table.ts";
import type {
  LiveHead,
  LiveProblems,
  LiveReplica,
  LiveService,
  RoutingChange,
  Traffic,
} from "./live-document.ts";
import { replicaTotals, serviceTotals, type TrafficMeter } from "./live-traffic.ts";
import { presentOf, type LiveFigures } from "./table-view.ts";

/** What a live view is made from, given as functions so that it always shows the present. */
export interface LiveInput extends LiveFigures {
  readonly version: string;
  readonly phase: () => string;
  readonly table: () => Table;
  readonly sources: () => readonly Readonly<Record<string, unknown>>[];
  readonly problems: () => readonly (Problem & { readonly since: number })[];
  /** The newest first, bounded. */
  readonly routingChanges: () => readonly RoutingChange[];
  /** Rows of the shared counters, summed over all workers; undefined for what was never seen. */
  readonly serviceCells: (key: string) => Float64Array | undefined;
  readonly replicaCells: (key: string, replica: string) => Float64Array | undefined;
  /** In ms since the epoch. */
  readonly clock: () => number;
}

const mostProblems = 100;
const longestPlaces = 4096;

/** Everything but the replicas, at one moment. */
export interface LiveView {
  readonly now: number;
  readonly head: LiveHead;
  readonly sources: readonly Readonly<Record<string, unknown>>[];
  readonly problems: LiveProblems;
  readonly routing: readonly RoutingChange[];
  readonly services: readonly LiveService[];
  readonly traffic: readonly (readonly [key: string, ...traffic: Traffic])[];
}

/** Looks at everything; `at` in ms of a clock that never goes back, for rates. */
export function viewLive(input: LiveInput, meter: TrafficMeter, at: number): LiveView {
  const { version, updatedAt, routes } = input.table();
  const problems = input.problems();
  const problemsAbout = countSubjects(problems);
  return {
    now: input.clock(),
    head: { version: input.version, phase: input.phase(), table: version, updatedAt },
    sources: input.sources().map((source) => withoutAge(source)),
    problems: { total: problems.length, first: problems.slice(0, mostProblems) },
    routing: input.routingChanges(),
    services: routes.map((route) => viewService(route, input, problemsAbout)),
    traffic: routes.map(({ key, protocol }) => [
      key,
      ...meter.measure(key, serviceTotals(input.serviceCells(key), protocol), at),
    ]),
  };
}

/** The replicas of one service. */
export function viewReplicas(
  { key, replicas }: Route,
  input: LiveInput,
  { meter, at }: { readonly meter: TrafficMeter; readonly at: number },
): LiveReplica[] {
  return replicas.map((replica) => {
    const { host, task, weight, state, reason, since } = presentOf(replica, key, input);
    const totals = replicaTotals(input.replicaCells(key, replica.key));
    const traffic = meter.measure(`${key} ${replica.key}`, totals, at);
    return { address: replica.key, host, task, weight, state, reason, since, traffic };
  });
}

function viewService(
  route: Route,
  input: LiveInput,
  problemsAbout: ReadonlyMap<string, number>,
): LiveService {
  const { key, name, app, port, mode, source, policy, replicas, protocol } = route;
  const out: { readonly address: string; readonly state: string; readonly reason: string }[] = [];
  for (const { key: address, state, reason } of replicas) {
    const ejection = state === "up" ? input.ejection(key, address) : undefined;
    if (ejection !== undefined) out.push({ address, state: "ejected", reason: ejection.reason });
    else if (state !== "up") out.push({ address, state, reason });
  }
  const [first] = out;
  const rest = out.length > 1 ? ` (and ${out.length - 1} more)` : "";
  return {
    key,
    name,
    app,
    port,
    mode,
    balance: policy.balance,
    source,
    listening: input.listening(key),
    limit: protocol === "udp" ? policy.maxSessions : policy.maxConnections,
    total: replicas.length,
    up: replicas.length - out.length,
    out: first === undefined ? "" : `${first.address} ${first.state}: ${first.reason}${rest}`,
    places: placesOf(replicas),
    problems: (problemsAbout.get(app) ?? 0) + (problemsAbout.get(key) ?? 0),
  };
}

/** An age changes by itself; who reads the time of the last look can tell it. */
function withoutAge(source: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(source).filter(([name]) => name !== "ageSeconds"));
}

function placesOf(replicas: readonly RoutedReplica[]): string {
  const places = new Set<string>();
  for (const { key, host, address } of replicas) {
    places.add(key);
    if (host !== address.host) places.add(host);
  }
  return [...places].join(" ").slice(0, longestPlaces);
}

function countSubjects(problems: readonly Problem[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { subject } of problems) counts.set(subject, (counts.get(subject) ?? 0) + 1);
  return counts;
}
