import { syncBuckets, type ConnectionFigures, type SourceFigures } from "../model/figures.ts";
import type { Readers, sourceMetrics, processMetrics } from "./catalogue.ts";
import { histogram, type Read, type Sample } from "./family.ts";
import { labelText } from "./label-text.ts";
import type { ServiceRow } from "./service-row.ts";

/** What the process as a whole has to tell. */
export interface ProcessFigures {
  readonly version: string;
  /** Of the source code; `unknown` where nobody told. */
  readonly revision: string;
  readonly sources: () => readonly SourceFigures[];
  readonly services: () => readonly ServiceRow[];
  readonly servicesBySource: () => ReadonlyMap<string, number>;
  /** Apps of which something was skipped or clamped, by source. */
  readonly invalidBySource: () => ReadonlyMap<string, number>;
  readonly generation: () => number;
  /** Changes of routes so far, by what happened. */
  readonly changes: () => ReadonlyMap<string, number>;
  readonly problems: () => ReadonlyMap<string, number>;
  /** Failed attempts to listen, by error code. */
  readonly bindErrors: () => ReadonlyMap<string, number>;
  readonly connections: () => ConnectionFigures;
  readonly workerCrashes: () => number;
  /** Share of time each worker's event loop was busy since the last scrape, 0–1. */
  readonly workerUtilization: () => readonly number[];
  /** Series that found no room on a page, all pages so far. */
  readonly seriesDropped: () => number;
  readonly logLinesDropped: () => number;
  readonly accessLinesDropped: () => number;
}

/** How the families that describe sources are read. */
export function sourceFamilies({
  sources,
  invalidBySource,
}: ProcessFigures): Readers<typeof sourceMetrics, Read> {
  const per = (value: (source: SourceFigures) => number | undefined) => (): Iterable<Sample> =>
    sources().flatMap((source) => {
      const number = value(source);
      return number === undefined
        ? []
        : [{ labels: labelText({ source: source.source }), value: number }];
    });
  return {
    portolan_discovery_connected: per(({ connected }) => (connected ? 1 : 0)),
    portolan_discovery_events_total: () => perWord(sources(), "type", (one) => one.eventKinds),
    portolan_discovery_reconnects_total: () =>
      perWord(sources(), "reason", (one) => one.reconnectReasons),
    portolan_discovery_syncs_total: () => perResult(sources()),
    portolan_discovery_sync_duration_seconds: () => syncTimes(sources()),
    portolan_discovery_last_success_timestamp_seconds: per((source) =>
      toSeconds(source.lastSyncAt),
    ),
    portolan_discovery_invalid_apps: () => labelled("source", invalidBySource()),
  };
}

/** How the families that describe the table, the listeners, the workers and the log are read. */
export function processFamilies(figures: ProcessFigures): Readers<typeof processMetrics, Read> {
  const { version, revision } = figures;
  const build = labelText({ version, revision, node_version: process.version });
  return {
    portolan_services: () => labelled("source", figures.servicesBySource()),
    portolan_routing_table_generation: () => single(figures.generation()),
    portolan_routing_changes_total: () => labelled("op", figures.changes()),
    portolan_problems: () => labelled("kind", figures.problems()),
    portolan_listener_up: () => listeners(figures.services()),
    portolan_listener_bind_errors_total: () => labelled("code", figures.bindErrors()),
    portolan_connections_active: () => single(figures.connections().active),
    portolan_connections_limit: () => single(figures.connections().limit),
    portolan_connections_over_limit_total: () => single(figures.connections().refused),
    portolan_build_info: () => [{ labels: build, value: 1 }],
    portolan_worker_crashes_total: () => single(figures.workerCrashes()),
    portolan_worker_event_loop_utilization_ratio: () => perWorker(figures.workerUtilization()),
    portolan_metrics_series_dropped_total: () => single(figures.seriesDropped()),
    portolan_log_dropped_total: () => single(figures.logLinesDropped()),
    portolan_access_log_dropped_total: () => single(figures.accessLinesDropped()),
  };
}

function toSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

function single(value: number): Iterable<Sample> {
  return [{ labels: "", value }];
}

function perWorker(values: readonly number[]): Iterable<Sample> {
  return values.map((value, worker) => ({ labels: labelText({ worker: String(worker) }), value }));
}

function* labelled(label: string, values: ReadonlyMap<string, number>): Iterable<Sample> {
  for (const [key, value] of values) yield { labels: labelText({ [label]: key }), value };
}

function* perWord(
  sources: readonly SourceFigures[],
  label: string,
  read: (counts: SourceFigures["counts"]) => ReadonlyMap<string, number>,
): Iterable<Sample> {
  for (const { source, counts } of sources) {
    for (const [word, value] of read(counts))
      yield { labels: labelText({ source, [label]: word }), value };
  }
}

function* syncTimes(sources: readonly SourceFigures[]): Iterable<Sample> {
  for (const { source, counts } of sources) {
    const { syncTimes: times, syncTimeSum: sum } = counts;
    yield* histogram(labelText({ source }), syncBuckets, { counts: times, sum });
  }
}

function* perResult(sources: readonly SourceFigures[]): Iterable<Sample> {
  for (const { source, syncs, failures } of sources) {
    yield { labels: labelText({ source, result: "ok" }), value: syncs };
    yield { labels: labelText({ source, result: "failed" }), value: failures };
  }
}

function* listeners(services: readonly ServiceRow[]): Iterable<Sample> {
  for (const { labels, listeners: bound } of services) {
    for (const { address, bound: up } of bound) {
      yield { labels: `${labels},${labelText({ address })}`, value: up ? 1 : 0 };
    }
  }
}
