import {
  closedColumn,
  replicaColumns,
  replicaRow,
  serviceColumns,
  serviceRow,
  sessionsClosedColumn,
} from "../model/counters.ts";
import type { ConnectionFigures } from "../model/figures.ts";
import type { Outcome } from "../model/outcome.ts";
import type { RouteChange } from "../routing/diff.ts";
import type { Route } from "../routing/table.ts";
import { processLoad } from "../engine/tally.ts";
import { Rows } from "./rows.ts";
import type { ProcessLimits } from "./this-host.ts";

/** Rows there are; the memory is only touched, and so only costs, where rows are used. */
const mostServices = 16_384;
const mostReplicas = 131_072;

/** The shared memory that workers count in: one pair of buffers per worker, rows given out by name. */
export class CounterMemory {
  readonly services: readonly SharedArrayBuffer[];
  readonly replicas: readonly SharedArrayBuffer[];
  /** Open connections of all workers together, by row. */
  readonly load: {
    readonly services: SharedArrayBuffer;
    readonly replicas: SharedArrayBuffer;
    readonly waiting: SharedArrayBuffer;
    readonly process: SharedArrayBuffer;
  };
  readonly #serviceCells: readonly Float64Array[];
  readonly #replicaCells: readonly Float64Array[];
  /** Connections there may be by the limit of descriptors, and by memory. */
  #byDescriptors = 0;
  #byMemory = Infinity;
  readonly #serviceRows = new Rows(mostServices);
  readonly #replicaRows = new Rows(mostReplicas);

  constructor(workers: number) {
    const buffers = (cells: number): SharedArrayBuffer[] =>
      Array.from({ length: workers }, () => new SharedArrayBuffer(cells * 8));
    this.services = buffers(mostServices * serviceRow);
    this.replicas = buffers(mostReplicas * replicaRow);
    this.load = {
      services: new SharedArrayBuffer(mostServices * 4),
      replicas: new SharedArrayBuffer(mostReplicas * 4),
      waiting: new SharedArrayBuffer(mostServices * 4),
      process: new SharedArrayBuffer(Object.keys(processLoad).length * 4),
    };
    this.#serviceCells = this.services.map((buffer) => new Float64Array(buffer));
    this.#replicaCells = this.replicas.map((buffer) => new Float64Array(buffer));
  }

  /** Sets how many connections and UDP sessions all services and workers together may have. */
  limit({ connections, sessions }: ProcessLimits): void {
    const cells = new Int32Array(this.load.process);
    this.#byDescriptors = connections;
    this.admit(this.#byMemory);
    Atomics.store(cells, processLoad.mostSessions, sessions);
  }

  /** No more connections than these, whatever else allows more: memory has no room for them. */
  admit(most: number): void {
    this.#byMemory = most;
    const either = Math.min(most, this.#byDescriptors);
    Atomics.store(new Int32Array(this.load.process), processLoad.mostConnections, either);
  }

  serviceRow(key: string): number {
    return this.#serviceRows.take(key);
  }

  replicaRow(key: string, replica: string): number {
    return this.#replicaRows.take(`${key} ${replica}`);
  }

  /** Starts the clock on rows whose owner these changes removed; `now` in ms. */
  release(changes: readonly RouteChange[], now: number): void {
    for (const change of changes) {
      if (change.kind === "added") continue;
      const kept = change.kind === "changed" ? change.after : undefined;
      if (kept === undefined) this.#serviceRows.leave(change.key, now);
      this.#releaseReplicas(change.before, kept, now);
    }
  }

  #releaseReplicas(before: Route, after: Route | undefined, now: number): void {
    const kept = new Set(after?.replicas.map(({ key }) => key));
    for (const { key } of before.replicas) {
      if (!kept.has(key)) this.#replicaRows.leave(`${before.key} ${key}`, now);
    }
  }

  /** Clears and frees rows that nobody has used for minutes; `now` in ms. */
  reclaim(now: number): void {
    const { active, sessionsActive } = serviceColumns;
    const serviceBusy = (row: number): boolean =>
      this.#sumService(row, active) + this.#sumService(row, sessionsActive) > 0;
    for (const row of this.#serviceRows.reclaim(now, serviceBusy)) {
      clear(this.#serviceCells, row, serviceRow);
    }
    const replicaBusy = (row: number): boolean => this.#sumReplica(row, replicaColumns.active) > 0;
    for (const row of this.#replicaRows.reclaim(now, replicaBusy)) {
      clear(this.#replicaCells, row, replicaRow);
    }
  }

  /** A service's row summed over all workers, or undefined when it was never seen. */
  service(key: string): Float64Array | undefined {
    const row = this.#serviceRows.get(key);
    return row === undefined ? undefined : sum(this.#serviceCells, row, serviceRow);
  }

  /** A replica's row summed over all workers, or undefined when it was never seen. */
  replica(key: string, replica: string): Float64Array | undefined {
    const row = this.#replicaRows.get(`${key} ${replica}`);
    return row === undefined ? undefined : sum(this.#replicaCells, row, replicaRow);
  }

  /** Connections open now on one replica of a service. */
  connectionsOn(key: string, replica: string): number {
    const row = this.#replicaRows.get(`${key} ${replica}`);
    return row === undefined ? 0 : this.#sumReplica(row, replicaColumns.active);
  }

  /** Services that are no longer there and the connections that run on, without those that have none. */
  drainingServices(): { readonly key: string; readonly connections: number }[] {
    return [...this.#serviceRows.left()]
      .map(([key, row]) => ({ key, connections: this.#sumService(row, serviceColumns.active) }))
      .filter(({ connections }) => connections > 0);
  }

  /** The connections of all services and workers together, and what becomes of more. */
  process(): ConnectionFigures {
    const cells = new Int32Array(this.load.process);
    const { connections, refused } = processLoad;
    const read = (index: number): number => Atomics.load(cells, index);
    const [byMemory, byDescriptors] = [this.#byMemory, this.#byDescriptors];
    return {
      active: read(connections),
      limit: Math.min(byMemory, byDescriptors),
      isByMemory: byMemory < byDescriptors,
      refused: read(refused),
    };
  }

  /** Connections open now, over all services and workers. */
  connections(): number {
    let open = 0;
    for (const row of this.#serviceRows.all()) open += this.#sumService(row, serviceColumns.active);
    return open;
  }

  /** Connections that ended this way so far, over all services and workers. */
  closed(outcome: Outcome): number {
    let ended = 0;
    for (const row of this.#serviceRows.all())
      ended += this.#sumService(row, closedColumn(outcome));
    return ended;
  }

  /** Books the connections of a worker that died as killed, so that the counters balance again. */
  bury(worker: number): void {
    const services = this.#serviceCells[worker];
    const replicas = this.#replicaCells[worker];
    if (services === undefined || replicas === undefined) return;
    const load = new Int32Array(this.load.services);
    const process = new Int32Array(this.load.process);
    const waiting = new Int32Array(this.load.waiting);
    const { active, sessionsActive } = serviceColumns;
    for (const row of this.#serviceRows.all()) {
      const at = row * serviceRow;
      const open = take(services, at + active, at + closedColumn("killed"));
      const sessions = take(services, at + sessionsActive, at + sessionsClosedColumn("killed"));
      Atomics.sub(load, row, open + sessions);
      Atomics.sub(process, processLoad.connections, open);
      Atomics.sub(process, processLoad.sessions, sessions);
      Atomics.sub(waiting, row, services[at + serviceColumns.waiting] ?? 0);
      services[at + serviceColumns.waiting] = 0;
    }
    const replicaLoad = new Int32Array(this.load.replicas);
    for (const row of this.#replicaRows.all()) {
      const open = row * replicaRow + replicaColumns.active;
      Atomics.sub(replicaLoad, row, replicas[open] ?? 0);
      replicas[open] = 0;
    }
  }

  #sumService(row: number, column: number): number {
    return total(this.#serviceCells, row * serviceRow + column);
  }

  #sumReplica(row: number, column: number): number {
    return total(this.#replicaCells, row * replicaRow + column);
  }
}

/** Moves what is active to where it is counted as ended; returns how much that is. */
function take(cells: Float64Array, active: number, ended: number): number {
  const open = cells[active] ?? 0;
  cells[ended] = (cells[ended] ?? 0) + open;
  cells[active] = 0;
  return open;
}

function total(cells: readonly Float64Array[], index: number): number {
  let result = 0;
  for (const own of cells) result += own[index] ?? 0;
  return result;
}

function sum(
  [first, ...others]: readonly Float64Array[],
  row: number,
  width: number,
): Float64Array {
  const [from, to] = [row * width, (row + 1) * width];
  // Ten thousand of these are made for a page of metrics: copied, then added to.
  const result = first === undefined ? new Float64Array(width) : first.slice(from, to);
  for (const own of others) {
    for (let column = 0; column < width; column += 1)
      result[column] = (result[column] ?? 0) + (own[from + column] ?? 0);
  }
  return result;
}

function clear(cells: readonly Float64Array[], row: number, width: number): void {
  for (const own of cells) own.fill(0, row * width, (row + 1) * width);
}
