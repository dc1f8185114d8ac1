import {
  bucketOf,
  closedColumn,
  connectBuckets,
  durationBuckets,
  failureColumn,
  replicaColumns,
  replicaRow,
  serviceColumns,
  serviceRow,
} from "../model/counters.ts";
import type { DialFailure, Outcome } from "../model/outcome.ts";

/** The cells one engine may write, and those it may read. */
export interface Cells {
  readonly services: Float64Array;
  readonly replicas: Float64Array;
  /** The replica cells of every engine, this one's included: load is what all of them have put on a replica. */
  readonly allReplicas: readonly Float64Array[];
}

/** The engine's bookkeeping: plain additions to cells that it alone writes. Rows are given by the control plane. */
export class Tally {
  readonly #services: Float64Array;
  readonly #replicas: Float64Array;
  readonly #all: readonly Float64Array[];

  constructor({ services, replicas, allReplicas }: Cells) {
    this.#services = services;
    this.#replicas = replicas;
    this.#all = allReplicas;
  }

  accepted(service: number): void {
    add(this.#services, service * serviceRow + serviceColumns.accepted, 1);
    add(this.#services, service * serviceRow + serviceColumns.active, 1);
  }

  closed(service: number, outcome: Outcome, seconds: number): void {
    const row = service * serviceRow;
    add(this.#services, row + serviceColumns.active, -1);
    add(this.#services, row + closedColumn(outcome), 1);
    add(this.#services, row + serviceColumns.durations + bucketOf(durationBuckets, seconds), 1);
    add(this.#services, row + serviceColumns.durationSum, seconds);
  }

  retried(service: number): void {
    add(this.#services, service * serviceRow + serviceColumns.retries, 1);
  }

  connected(service: number, replica: number, seconds: number): void {
    const row = service * serviceRow;
    add(this.#services, row + serviceColumns.connects + bucketOf(connectBuckets, seconds), 1);
    add(this.#services, row + serviceColumns.connectSum, seconds);
    add(this.#replicas, replica * replicaRow + replicaColumns.connections, 1);
  }

  /** Puts one connection on a replica, from the moment it is picked; `vacated` takes it off. */
  occupied(replica: number): void {
    add(this.#replicas, replica * replicaRow + replicaColumns.active, 1);
  }

  vacated(replica: number): void {
    add(this.#replicas, replica * replicaRow + replicaColumns.active, -1);
  }

  failed(replica: number, failure: DialFailure): void {
    add(this.#replicas, replica * replicaRow + failureColumn(failure), 1);
  }

  moved(service: number, replica: number, bytes: { received: number; sent: number }): void {
    add(this.#services, service * serviceRow + serviceColumns.received, bytes.received);
    add(this.#services, service * serviceRow + serviceColumns.sent, bytes.sent);
    add(this.#replicas, replica * replicaRow + replicaColumns.received, bytes.received);
    add(this.#replicas, replica * replicaRow + replicaColumns.sent, bytes.sent);
  }

  /** Connections of this engine on a service. */
  activeOn(service: number): number {
    return this.#services[service * serviceRow + serviceColumns.active] ?? 0;
  }

  /** Connections of all engines on a replica. */
  loadOf(replica: number): number {
    const cell = replica * replicaRow + replicaColumns.active;
    let load = 0;
    for (const cells of this.#all) load += cells[cell] ?? 0;
    return load;
  }
}

function add(cells: Float64Array, index: number, amount: number): void {
  // An index outside the array would be lost silently; rows are bounded where they are given out.
  cells[index] = (cells[index] ?? 0) + amount;
}
