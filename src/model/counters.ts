import {
  dialFailures,
  dropReasons,
  outcomes,
  sessionEndings,
  type DialFailure,
  type DropReason,
  type Outcome,
  type SessionEnding,
} from "./outcome.ts";

// Numbers that the data plane writes and the control plane reads live side by side in one Float64Array: each service
// and each replica has a row, and these are the columns. Each cell has one writer, so none needs a lock.

/** Upper bounds of connection durations, in seconds. */
export const durationBuckets = [0.01, 0.1, 1, 10, 60, 600, 3600] as const;

/** Upper bounds of the time it takes to connect to a replica, in seconds. */
export const connectBuckets = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 3, 5,
] as const;

/** Upper bounds of the time it takes to answer a request, in seconds. */
export const requestBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 300] as const;

/** Requests by the class of their status; the last one is for those whose client left before an answer. */
export const statusClasses = ["1xx", "2xx", "3xx", "4xx", "5xx", "none"] as const;

/** Methods that are told apart; what clients make up is one of its own, the last. */
export const requestMethods = [
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "CONNECT",
  "OTHER",
] as const;

/**
 * Where each number of a service's row is; `closed`, `durations`, `connects`, `sessionsClosed`, `dropped`, `requests` and
 * `requestDurations` begin one column per outcome, bucket, ending, reason or, of requests, method and class.
 */
export interface ServiceColumns {
  readonly accepted: number;
  readonly active: number;
  readonly received: number;
  readonly sent: number;
  readonly retries: number;
  /** Of these, those on another replica. */
  readonly redispatches: number;
  readonly closed: number;
  readonly durations: number;
  readonly durationSum: number;
  readonly connects: number;
  readonly connectSum: number;
  readonly sessions: number;
  readonly sessionsActive: number;
  readonly sessionsClosed: number;
  /** Datagrams that came from clients, whatever became of them. */
  readonly datagramsIn: number;
  /** Datagrams that came from replicas. */
  readonly datagramsOut: number;
  readonly dropped: number;
  readonly requests: number;
  readonly requestDurations: number;
  readonly requestDurationSum: number;
  /** Connections and requests that wait for a replica with room. */
  readonly waiting: number;
}

const otherMethod = requestMethods.length - 1;
const methodIndex: ReadonlyMap<string, number> = new Map(
  requestMethods.map((method, index) => [method, index]),
);

export const serviceColumns: ServiceColumns = layOut();

/** Cells a service's row takes. */
export const serviceRow: number = serviceColumns.waiting + 1;

export interface ReplicaColumns {
  readonly connections: number;
  readonly active: number;
  readonly received: number;
  readonly sent: number;
  /** The first of one column per kind of dial failure. */
  readonly failures: number;
}

export const replicaColumns: ReplicaColumns = {
  connections: 0,
  active: 1,
  received: 2,
  sent: 3,
  failures: 4,
};

/** Cells a replica's row takes. */
export const replicaRow: number = replicaColumns.failures + dialFailures.length;

/** The column that counts connections which ended this way. */
export function closedColumn(outcome: Outcome): number {
  return serviceColumns.closed + outcomes.indexOf(outcome);
}

/** The column that counts sessions which ended this way. */
export function sessionsClosedColumn(ending: SessionEnding): number {
  return serviceColumns.sessionsClosed + sessionEndings.indexOf(ending);
}

/** The column that counts datagrams dropped for this reason. */
export function droppedColumn(reason: DropReason): number {
  return serviceColumns.dropped + dropReasons.indexOf(reason);
}

/** The column that counts requests of this method answered with this status; 0 and what is none count as not answered. */
export function requestColumn(method: string, status: number): number {
  const index = Math.trunc(status / 100) - 1;
  const isStatus = index >= 0 && index < statusClasses.length - 1;
  const first =
    serviceColumns.requests + (methodIndex.get(method) ?? otherMethod) * statusClasses.length;
  return first + (isStatus ? index : statusClasses.length - 1);
}

/** The column that counts attempts which failed this way. */
export function failureColumn(failure: DialFailure): number {
  return replicaColumns.failures + dialFailures.indexOf(failure);
}

/** The bucket a value falls into: the first whose bound is not below it, or one past the last. */
export function bucketOf(bounds: readonly number[], value: number): number {
  let index = 0;
  while (index < bounds.length && value > (bounds[index] ?? Infinity)) index += 1;
  return index;
}

function layOut(): ServiceColumns {
  const closed = 6;
  const durations = closed + outcomes.length;
  const durationSum = durations + durationBuckets.length + 1;
  const connects = durationSum + 1;
  const connectSum = connects + connectBuckets.length + 1;
  const totals = { accepted: 0, active: 1, received: 2, sent: 3, retries: 4, redispatches: 5 };
  const streams = { closed, durations, durationSum, connects, connectSum };
  const datagrams = layOutDatagrams(connectSum + 1);
  const requests = datagrams.dropped + dropReasons.length;
  const requestDurations = requests + requestMethods.length * statusClasses.length;
  const requestDurationSum = requestDurations + requestBuckets.length + 1;
  const answers = { requests, requestDurations, requestDurationSum };
  return { ...totals, ...streams, ...datagrams, ...answers, waiting: requestDurationSum + 1 };
}

function layOutDatagrams(
  first: number,
): Pick<
  ServiceColumns,
  "sessions" | "sessionsActive" | "sessionsClosed" | "datagramsIn" | "datagramsOut" | "dropped"
> {
  const sessionsClosed = first + 2;
  const datagramsIn = sessionsClosed + sessionEndings.length;
  const rest = { datagramsIn, datagramsOut: datagramsIn + 1, dropped: datagramsIn + 2 };
  return { sessions: first, sessionsActive: first + 1, sessionsClosed, ...rest };
}
