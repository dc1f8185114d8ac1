import {
  closedColumn,
  connectBuckets,
  durationBuckets,
  serviceColumns,
} from "../model/counters.ts";
import { outcomes, sideOf, type Outcome } from "../model/outcome.ts";
import type { Readers, serviceMetrics } from "./catalogue.ts";
import { histogram, type Read, type Sample } from "./family.ts";
import { labelText } from "./label-text.ts";
import type { ServiceRow } from "./service-row.ts";

type Rows = () => readonly ServiceRow[];

/**
 * How the families that describe services as clients see them are read. Of a service that nobody has come to there are
 * only its sums: from one host most services of a cluster are never used, and their zeros are four fifths of a page.
 */
export function serviceFamilies(read: Rows): Readers<typeof serviceMetrics, Read> {
  // UDP services have sessions instead of connections: see datagram-families.ts.
  const streams = (): ServiceRow[] => read().filter(({ protocol }) => protocol === "tcp");
  const used = (): ServiceRow[] => read().filter(({ isUsed }) => isUsed);
  const usedStreams = (): ServiceRow[] => streams().filter(({ isUsed }) => isUsed);
  const { accepted, active, received, sent, retries, redispatches } = serviceColumns;
  const { durations, durationSum, connects, connectSum } = serviceColumns;
  return {
    portolan_service_up: per(read, ({ replicas }) =>
      replicas.some(({ state }) => state === "up") ? 1 : 0,
    ),
    portolan_service_connections_total: per(streams, cell(accepted)),
    portolan_service_connections_active: per(streams, cell(active)),
    portolan_service_connections_limit: per(streams, ({ limit }) => limit),
    portolan_service_received_bytes_total: per(read, cell(received)),
    portolan_service_sent_bytes_total: per(read, cell(sent)),
    portolan_replica_retries_total: per(used, cell(retries)),
    portolan_replica_redispatches_total: per(used, cell(redispatches)),
    portolan_service_connections_rejected_total: byColumn(usedStreams, rejections),
    portolan_connections_closed_total: byColumn(usedStreams, endings),
    portolan_service_connection_duration_seconds: () =>
      times(usedStreams(), durationBuckets, { first: durations, sum: durationSum }),
    portolan_replica_connect_duration_seconds: () =>
      times(usedStreams(), connectBuckets, { first: connects, sum: connectSum }),
  };
}

type Value = (row: ServiceRow) => number;

function cell(index: number): Value {
  return ({ cells }) => cells[index] ?? 0;
}

function per(rows: Rows, value: Value): Read {
  return function* (): Iterable<Sample> {
    for (const row of rows()) yield { labels: row.labels, value: value(row) };
  };
}

/** Cells of a row that one family tells apart by the labels of this text. */
type Columns = readonly { readonly text: string; readonly index: number }[];

const endings: Columns = outcomes.map((outcome) => {
  const text = labelText({ by: sideOf(outcome), reason: outcome });
  return { text, index: closedColumn(outcome) };
});

const rejecting: ReadonlyMap<Outcome, string> = new Map<Outcome, string>([
  ["no-replica", "no_replica"],
  ["connection-limit", "max_connections"],
  ["queue-full", "queue_full"],
  ["queue-timeout", "queue_timeout"],
  ["denied", "acl"],
  ["proxy-header", "proxy_header"],
]);

const rejections: Columns = Array.from(rejecting, ([outcome, reason]) => {
  return { text: labelText({ reason }), index: closedColumn(outcome) };
});

/** All of them from the first connection on, the zeros too, so that rates know where the later steps begin. */
function byColumn(rows: Rows, columns: Columns): Read {
  return function* (): Iterable<Sample> {
    for (const { labels, cells } of rows()) {
      for (const { text, index } of columns) {
        yield { labels: `${labels},${text}`, value: cells[index] ?? 0 };
      }
    }
  };
}

function* times(
  rows: readonly ServiceRow[],
  bounds: readonly number[],
  column: { readonly first: number; readonly sum: number },
): Iterable<Sample> {
  for (const { labels, cells } of rows) {
    const counts = cells.subarray(column.first, column.first + bounds.length + 1);
    yield* histogram(labels, bounds, { counts, sum: cells[column.sum] ?? 0 });
  }
}
