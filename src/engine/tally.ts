import {
  bucketOf,
  closedColumn,
  connectBuckets,
  droppedColumn,
  durationBuckets,
  failureColumn,
  replicaColumns,
  replicaRow,
  requestBuckets,
  requestColumn,
  serviceColumns,
  serviceRow,
  sessionsClosedColumn,
} from "../model/counters.ts";
import type { AnsweredRequest } from "./http/request-tally.ts";
import type { DialFailure, DropReason, Outcome, SessionEnding } from "../model/outcome.ts";

/** The numbers one engine writes. */
export interface Cells {
  /** Counted by this engine alone. */
  readonly services: Float64Array;
  readonly replicas: Float64Array;
  /** Connections that are open now, over all engines; shared, so changed by atomic steps only. */
  readonly load: Load;
}

/** Open connections, or UDP sessions, by row, of all engines together; limits hold because each takes its place in one step. */
export interface Load {
  readonly services: Int32Array;
  readonly replicas: Int32Array;
  /** Those who wait for a replica of a service. */
  readonly waiting: Int32Array;
  /** The connections of the whole process, how many it may have, its UDP sessions, how many of those, and the connections that it had no room for. */
  readonly process: Int32Array;
}

/** Cells of `Load.process`. */
export const processLoad = {
  connections: 0,
  mostConnections: 1,
  sessions: 2,
  mostSessions: 3,
  refused: 4,
} as const;

/** What came of asking for a place for a session. */
export type SessionPlace = "taken" | "service-full" | "process-full";

/** The engine's bookkeeping: plain additions to cells that it alone writes, and places taken in the shared load. */
export class Tally {
  readonly #services: Float64Array;
  readonly #replicas: Float64Array;
  readonly #load: Load;

  constructor({ services, replicas, load }: Cells) {
    this.#services = services;
    this.#replicas = replicas;
    this.#load = load;
  }

  /** Counts a connection and takes its places; false when the process or the service has no room for it. */
  accepted(service: number, limit: number): boolean {
    add(this.#services, service * serviceRow + serviceColumns.accepted, 1);
    add(this.#services, service * serviceRow + serviceColumns.active, 1);
    const { process, services } = this.#load;
    const { connections, mostConnections, refused } = processLoad;
    const most = Atomics.load(process, mostConnections);
    const inProcess = Atomics.add(process, connections, 1) < most;
    // With none at all it is memory that is short.
    if (!inProcess && most > 0) Atomics.add(process, refused, 1);
    const inService = Atomics.add(services, service, 1) < limit;
    return inProcess && inService;
  }

  closed(service: number, outcome: Outcome, seconds: number): void {
    Atomics.sub(this.#load.process, processLoad.connections, 1);
    Atomics.sub(this.#load.services, service, 1);
    const row = service * serviceRow;
    add(this.#services, row + serviceColumns.active, -1);
    add(this.#services, row + closedColumn(outcome), 1);
    add(this.#services, row + serviceColumns.durations + bucketOf(durationBuckets, seconds), 1);
    add(this.#services, row + serviceColumns.durationSum, seconds);
  }

  /** Counts a request by its method and the status of its answer, 0 for none, and by the time that took. */
  answered(service: number, { method, status }: AnsweredRequest, seconds: number): void {
    const row = service * serviceRow;
    add(this.#services, row + requestColumn(method, status), 1);
    const bucket = bucketOf(requestBuckets, seconds);
    add(this.#services, row + serviceColumns.requestDurations + bucket, 1);
    add(this.#services, row + serviceColumns.requestDurationSum, seconds);
  }

  /** Another attempt is made, on another replica or on the same one. */
  retried(service: number, isElsewhere: boolean): void {
    const row = service * serviceRow;
    add(this.#services, row + serviceColumns.retries, 1);
    if (isElsewhere) add(this.#services, row + serviceColumns.redispatches, 1);
  }

  connected(service: number, replica: number, seconds: number): void {
    const row = service * serviceRow;
    add(this.#services, row + serviceColumns.connects + bucketOf(connectBuckets, seconds), 1);
    add(this.#services, row + serviceColumns.connectSum, seconds);
    add(this.#replicas, replica * replicaRow + replicaColumns.connections, 1);
  }

  /** Puts a connection on a replica, from the moment it is picked; false when `limit` (0 is none) is reached. */
  occupied(replica: number, limit: number): boolean {
    const before = Atomics.add(this.#load.replicas, replica, 1);
    if (limit > 0 && before >= limit) {
      Atomics.sub(this.#load.replicas, replica, 1);
      return false;
    }
    add(this.#replicas, replica * replicaRow + replicaColumns.active, 1);
    return true;
  }

  /** Takes it off again. */
  vacated(replica: number): void {
    Atomics.sub(this.#load.replicas, replica, 1);
    add(this.#replicas, replica * replicaRow + replicaColumns.active, -1);
  }

  /** One more, or one less, waits for a replica with room. */
  waits(service: number, by: 1 | -1): void {
    Atomics.add(this.#load.waiting, service, by);
    add(this.#services, service * serviceRow + serviceColumns.waiting, by);
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

  /** Takes a place for a session among the `limit` of its service and those of the process. */
  sessionOpened(service: number, limit: number): SessionPlace {
    const { process, services } = this.#load;
    const { sessions, mostSessions } = processLoad;
    if (Atomics.add(services, service, 1) >= limit) {
      Atomics.sub(services, service, 1);
      return "service-full";
    }
    if (Atomics.add(process, sessions, 1) >= Atomics.load(process, mostSessions)) {
      Atomics.sub(process, sessions, 1);
      Atomics.sub(services, service, 1);
      return "process-full";
    }
    add(this.#services, service * serviceRow + serviceColumns.sessions, 1);
    add(this.#services, service * serviceRow + serviceColumns.sessionsActive, 1);
    return "taken";
  }

  /** Gives the place back. */
  sessionClosed(service: number, ending: SessionEnding): void {
    Atomics.sub(this.#load.process, processLoad.sessions, 1);
    Atomics.sub(this.#load.services, service, 1);
    add(this.#services, service * serviceRow + serviceColumns.sessionsActive, -1);
    add(this.#services, service * serviceRow + sessionsClosedColumn(ending), 1);
  }

  /** Counts a session that got a replica. */
  pinned(replica: number): void {
    add(this.#replicas, replica * replicaRow + replicaColumns.connections, 1);
  }

  /** Counts a datagram from a client. */
  datagramIn(service: number, bytes: number): void {
    add(this.#services, service * serviceRow + serviceColumns.datagramsIn, 1);
    add(this.#services, service * serviceRow + serviceColumns.received, bytes);
  }

  /** Counts a client's datagram for this replica. */
  datagramFor(replica: number, bytes: number): void {
    add(this.#replicas, replica * replicaRow + replicaColumns.received, bytes);
  }

  /** Counts a datagram from a replica. */
  datagramOut(service: number, replica: number, bytes: number): void {
    add(this.#services, service * serviceRow + serviceColumns.datagramsOut, 1);
    add(this.#services, service * serviceRow + serviceColumns.sent, bytes);
    add(this.#replicas, replica * replicaRow + replicaColumns.sent, bytes);
  }

  /** Counts a datagram that goes no further. */
  dropped(service: number, reason: DropReason): void {
    add(this.#services, service * serviceRow + droppedColumn(reason), 1);
  }

  /** Connections of the whole process, and of one service, over all engines. */
  get processLoad(): number {
    return this.#load.process[processLoad.connections] ?? 0;
  }

  serviceLoad(service: number): number {
    return this.#load.services[service] ?? 0;
  }

  /** Those of all engines who wait for a replica of a service. */
  waitingFor(service: number): number {
    return this.#load.waiting[service] ?? 0;
  }

  /** Connections of all engines on a replica. */
  loadOf(replica: number): number {
    return this.#load.replicas[replica] ?? 0;
  }
}

function add(cells: Float64Array, index: number, amount: number): void {
  // An index outside the array would be lost silently; rows are bounded where they are given out.
  cells[index] = (cells[index] ?? 0) + amount;
}
