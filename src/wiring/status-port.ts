import { readFile } from "node:fs/promises";
import { quietTurn } from "../async/quiet-turn.ts";
import { withDashboard } from "../admin/dashboard/dashboard.ts";
import type { RoutingChanges } from "../admin/live-changes.ts";
import { LiveFeed } from "../admin/live-feed.ts";
import { replicaActions } from "../admin/replica-actions.ts";
import { makePages, type Phase, type Showable } from "../admin/pages.ts";
import { viewSource } from "../admin/source-view.ts";
import { StatusServer } from "../admin/status-server.ts";
import type { Config } from "../config/settings.ts";
import type { Override } from "../control/overrides.ts";
import type { DatedProblem } from "../control/problem-log.ts";
import type { Transitions } from "../control/transitions.ts";
import type { Source } from "../discovery/source.ts";
import type { Address } from "../model/address.ts";
import type { Explanation } from "../model/explanation.ts";
import type { ServiceFigures } from "../model/figures.ts";
import type { Logger } from "../model/logger.ts";
import { Metrics } from "../observe/metrics.ts";
import type { PublishedFigures } from "../observe/published-families.ts";
import type { Table } from "../routing/table.ts";
import type { WorkerPool } from "../workers/pool.ts";
import { hostNames } from "../workers/this-host.ts";
import type { Upkeep } from "./upkeep.ts";
import type { HealthParts } from "./checks.ts";

/** What tables have changed so far. */
export interface RoutingHistory {
  readonly changes: RoutingChanges;
  readonly transitions: Transitions;
  /** Changes of routes by what happened. */
  readonly counts: Map<string, number>;
}

const shortestToken = 16;

/** Everything that the status port shows, and what it lets operators do. */
export interface Shown {
  readonly config: Config;
  readonly version: string;
  readonly revision?: string | undefined;
  readonly invalidBySource: () => ReadonlyMap<string, number>;
  readonly logger: Logger;
  readonly logLinesDropped: () => number;
  readonly accessLinesDropped: () => number;
  readonly clock: () => number;
  readonly phase: () => Phase;
  readonly table: () => Table;
  readonly figures: () => Iterable<ServiceFigures>;
  readonly problems: () => readonly DatedProblem[];
  readonly published: () => PublishedFigures;
  readonly override: (address: string, wanted: Override | undefined) => boolean;
  readonly explain: (app: string) => Explanation | undefined;
  readonly sources: readonly Source[];
  readonly routing: RoutingHistory;
  readonly health: HealthParts;
  readonly pool: WorkerPool;
  readonly upkeep: Upkeep;
}

/** Opens the status port; rejects when its address cannot be bound. */
export async function openStatusPort(address: Address, shown: Shown): Promise<StatusServer> {
  const { config, logger, routing, pool, clock } = shown;
  const failed = (path: string, error: unknown): void =>
    logger.error("status page failed", { path, error });
  const showable = toShowable(shown);
  const live = new LiveFeed({
    input: {
      ...showable,
      routingChanges: () => routing.changes.newest,
      serviceCells: (key) => pool.memory.service(key),
      replicaCells: (key, replica) => pool.memory.replica(key, replica),
      clock,
    },
    failed,
  });
  const pages = withDashboard(makePages(showable), live);
  const actions = new Map(
    replicaActions({ token: () => readToken(config.adminTokenFile), override: shown.override }),
  );
  const reusePort = config.takeover !== undefined;
  return await StatusServer.open({
    address,
    reusePort,
    pages,
    actions,
    failed,
    ownNames: hostNames(config.hostNames),
  });
}

/** Longest time to empty the kernel's queue before closing, and for answers that are being written, in ms. */
const [mostQueueMs, lastAnswersMs] = [200, 500];

/** Ends such a port, or one of the service API; nobody who has come to us goes without an answer. */
export async function closeStatusPort(status: StatusServer): Promise<void> {
  await quietTurn(() => status.accepted, mostQueueMs);
  await status.close(lastAnswersMs);
}

/** Read at each call, so that a renewed token needs no restart; one that is too short to be secret counts as none. */
async function readToken(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const token = (await readFile(path, "utf8")).trim();
  return token.length >= shortestToken ? token : undefined;
}

function toShowable(shown: Shown) {
  const { version, phase, table, problems, explain, sources, pool, health, clock } = shown;
  const metrics = makeMetrics(shown);
  return {
    version,
    phase,
    table,
    problems,
    explain,
    sources: () => sources.map((source) => viewSource(source.status(), clock())),
    metrics: () => metrics.render(),
    listening: (key) => pool.bindings.listening(key),
    connections: (key, replica) => pool.memory.connectionsOn(key, replica),
    draining: () => pool.memory.drainingServices(),
    probed: (key, replica) => {
      const checked = health.checks.ofAddress(key, replica);
      // A failure that is held back has a reason of its own to show.
      return checked?.state === "up" ? checked.last?.reason : undefined;
    },
    ejection: (key, replica) => pool.ejections.of(key, replica),
  } satisfies Showable;
}

function makeMetrics(shown: Shown): Metrics {
  const { config, sources, table, figures, problems, routing, health, pool } = shown;
  return new Metrics({
    detailed: config.metricsDetail === "replica",
    version: shown.version,
    revision: shown.revision ?? "unknown",
    invalidBySource: shown.invalidBySource,
    sources: () => sources.map((source) => ({ source: source.name, ...source.status() })),
    services: figures,
    probes: () => health.prober.figures(),
    checks: () => health.prober.figuresByService(),
    transitions: () => routing.transitions.figures(),
    servicesBySource: () => countBy(table().routes.map(({ source }) => source)),
    generation: () => table().version,
    changes: () => routing.counts,
    problems: () => countBy(problems().map(({ kind }) => kind)),
    bindErrors: () => pool.bindings.errors,
    connections: () => pool.memory.process(),
    workerCrashes: () => pool.deaths.count,
    workerUtilization: () => pool.utilization(),
    gateway: () => pool.gateway.figures(pool.memory, pool.bindings),
    published: shown.published,
    memory: () => shown.upkeep.memory.figures(),
    logLinesDropped: shown.logLinesDropped,
    accessLinesDropped: shown.accessLinesDropped,
  });
}

function countBy(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
