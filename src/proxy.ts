import { availableParallelism } from "node:os";
import { makePages, type Phase } from "./admin/pages.ts";
import { viewSource } from "./admin/source-view.ts";
import { StatusServer } from "./admin/status-server.ts";
import { isAbort, sleep } from "./async/sleep.ts";
import { policyOf } from "./config/policy-of.ts";
import type { Config } from "./config/settings.ts";
import { Controller, type Feed } from "./control/controller.ts";
import { ProblemLog } from "./control/problem-log.ts";
import { MarathonSource } from "./discovery/marathon/marathon-source.ts";
import { resolveHosts } from "./discovery/resolve-hosts.ts";
import type { ServiceFigures } from "./model/figures.ts";
import type { Logger } from "./model/logger.ts";
import { Metrics } from "./observe/metrics.ts";
import type { RouteChange } from "./routing/diff.ts";
import { ownHosts } from "./routing/own-addresses.ts";
import { emptyTable, type Table } from "./routing/table.ts";
import { readFigures } from "./workers/figures.ts";
import { hostNames } from "./workers/this-host.ts";
import { PortSharingLock } from "./workers/port-sharing-lock.ts";
import { WorkerPool, type PoolOptions } from "./workers/pool.ts";

export interface ProxyOptions {
  readonly config: Config;
  readonly version: string;
  readonly logger: Logger;
  /** Log lines that could not be written so far. */
  readonly logLinesDropped: () => number;
  readonly clock: () => number;
  readonly random: () => number;
}

/** A proxy that runs. Disposing it ends it at once; `drain` ends it gently. */
export interface RunningProxy extends AsyncDisposable {
  /** Where the status port listens, `host:port`; undefined without one. */
  readonly statusAddress: string | undefined;
  /** Rejects when a part that must never end has ended: a bug. */
  readonly failed: Promise<never>;
  table(): Table;
  /** The numbers of every service at this moment. */
  figures(): ServiceFigures[];
  /** True once a complete table is being served. */
  ready(): boolean;
  /** Asks every source for a fresh look. */
  resync(): void;
  /** Stops accepting and lets running connections end, up to the configured time. */
  drain(): Promise<void>;
}

const mostWorkers = 64;

/** Puts all parts together: sources → controller → workers, with the status port beside them. */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const proxy = new Proxy(options);
  await proxy.start();
  return proxy;
}

class Proxy implements RunningProxy {
  readonly #options: ProxyOptions;
  readonly #life = new AbortController();
  readonly #stack = new AsyncDisposableStack();
  readonly #feeds: readonly Feed[];
  readonly #problems: ProblemLog;
  readonly #isOwnHost: (host: string) => boolean;
  readonly #pool: WorkerPool;
  readonly #changes = new Map([
    ["added", 0],
    ["changed", 0],
    ["removed", 0],
  ]);
  readonly #failure = Promise.withResolvers<never>();
  #controller: Controller | undefined;
  #status: StatusServer | undefined;
  #terminating = false;

  constructor(options: ProxyOptions) {
    this.#options = options;
    const { config, logger, clock, random } = options;
    const workers = workerCount(config.workers);
    const names = hostNames(config.hostNames);
    this.#isOwnHost = ownHosts({ bind: config.bind, names });
    this.#feeds = makeFeeds(options);
    this.#problems = new ProblemLog(logger, clock);
    this.#pool = WorkerPool.start({
      workers,
      settings: engineSettings(config),
      logger,
      clock,
      random,
      isLocal: ({ host, address }) => names.has(host) || names.has(address.host),
      bindFailed: () => {
        this.#datedProblems();
      },
    });
    this.#stack.use(this.#pool);
  }

  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  get statusAddress(): string | undefined {
    return this.#status?.address;
  }

  async start(): Promise<void> {
    const { config, clock, logger } = this.#options;
    try {
      if (workerCount(config.workers) > 1) this.#stack.use(await PortSharingLock.take(config.bind));
      await this.#openStatusPort();
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
    const { statusEndpoint, portRange, shrinkGuard, groupSize } = config;
    const reserved = new Map(
      statusEndpoint === undefined ? [] : [[`tcp/${this.#statusPort()}`, "the status port"]],
    );
    this.#controller = new Controller({
      feeds: this.#feeds,
      rules: {
        ports: { firstPort: portRange.first, lastPort: portRange.last, reserved },
        defaultPolicy: policyOf(config),
        groupSize,
        isOwnHost: this.#isOwnHost,
      },
      connectionsOn: (key, replica) => this.#pool.memory.connectionsOn(key, replica),
      shrinkGuard,
      clock,
      steadyClock: () => performance.now(),
      logger,
      publish: (table, changes) => this.#publish(table, changes),
    });
    const { signal } = this.#life;
    const running = this.#controller.run(signal).catch((error: unknown) => {
      if (!isAbort(error, signal)) this.#failure.reject(error);
    });
    this.#stack.defer(() => running);
  }

  table(): Table {
    if (this.#controller === undefined) throw new Error("the proxy has not been started");
    return this.#controller.table;
  }

  figures(): ServiceFigures[] {
    return readFigures(this.table(), this.#pool);
  }

  ready(): boolean {
    return this.#phase() === "OK";
  }

  resync(): void {
    for (const { source } of this.#feeds) source.resync();
  }

  async drain(): Promise<void> {
    const { config, logger } = this.#options;
    this.#terminating = true;
    const deadline = performance.now() + config.drainTimeoutMs;
    // A thread that hangs must not keep the others, or us, from ending in time.
    await Promise.race([
      this.#pool.stopAccepting(),
      sleep(config.drainTimeoutMs, this.#life.signal),
    ]);
    const open = (): number => this.#pool.memory.connections();
    logger.info("draining", { connections: open(), timeoutMs: config.drainTimeoutMs });
    while (open() > 0 && performance.now() < deadline) await sleep(50, this.#life.signal);
    if (open() === 0) return;
    logger.warn("drain timeout: the rest is reset", { connections: open() });
    this.#pool.abort("drained");
    // A moment for the resets to leave and to be counted.
    await sleep(100, this.#life.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#terminating = true;
    this.#life.abort();
    await this.#stack.disposeAsync();
  }

  #phase(): Phase {
    if (this.#terminating) return "TERMINATING";
    const version = this.#controller?.table.version ?? 0;
    return version > 0 && this.#pool.applied > 0 ? "OK" : "INITIALIZING";
  }

  #publish(table: Table, changes: readonly RouteChange[]): void {
    for (const { kind } of changes) this.#changes.set(kind, (this.#changes.get(kind) ?? 0) + 1);
    this.#pool.apply(table, changes);
    this.#datedProblems();
  }

  #datedProblems(): ReturnType<ProblemLog["date"]> {
    const { routes, problems } = this.#controller?.table ?? emptyTable;
    const appOf = (key: string): string => routes.find((route) => route.key === key)?.app ?? key;
    return this.#problems.date([...problems, ...this.#pool.bindings.problems(appOf)]);
  }

  #statusPort(): number {
    return Number(this.#status?.address.split(":").at(-1));
  }

  async #openStatusPort(): Promise<void> {
    const { config, logger, version, clock } = this.#options;
    if (config.statusEndpoint === undefined) return;
    const metrics = this.#metrics();
    const pages = makePages({
      version,
      phase: () => this.#phase(),
      table: () => this.table(),
      sources: () => this.#feeds.map(({ source }) => viewSource(source.status(), clock())),
      problems: () => this.#datedProblems(),
      metrics: () => metrics.render(),
      listening: (key) => this.#pool.bindings.listening(key),
      connections: (key, replica) => this.#pool.memory.connectionsOn(key, replica),
      ejection: (key, replica) => this.#pool.ejections.of(key, replica),
    });
    const failed = (path: string, error: unknown): void =>
      logger.error("status page failed", { path, error });
    this.#status = await StatusServer.open({ address: config.statusEndpoint, pages, failed });
    this.#stack.use(this.#status);
  }

  #metrics(): Metrics {
    const { config, version, logLinesDropped } = this.#options;
    return new Metrics({
      detailed: config.metricsDetail === "replica",
      version,
      sources: () => this.#feeds.map(({ source }) => ({ source: source.name, ...source.status() })),
      services: () => this.figures(),
      servicesBySource: () => countBy(this.table().routes.map(({ source }) => source)),
      generation: () => this.table().version,
      changes: () => this.#changes,
      problems: () => countBy(this.#datedProblems().map(({ kind }) => kind)),
      bindErrors: () => this.#pool.bindings.errors,
      workerCrashes: () => this.#pool.crashes,
      workerUtilization: () => this.#pool.utilization(),
      logLinesDropped,
    });
  }
}

function makeFeeds({ config, logger, clock, random }: ProxyOptions): Feed[] {
  if (config.marathon.length === 0) return [];
  const source = new MarathonSource({
    endpoints: config.marathon,
    authFile: config.marathonAuthFile,
    refreshIntervalMs: config.refreshIntervalMs,
    clock,
    random,
    logger,
  });
  const states: Feed["states"] = (signal) => resolveHosts(source.run(signal), {}, signal);
  return [{ source, states }];
}

function engineSettings(config: Config): PoolOptions["settings"] {
  return {
    bindHosts: config.bind,
    proxyTrusted: config.proxyTrusted,
    limits: {
      connectTimeoutMs: config.connectTimeoutMs,
      connectBudgetMs: 3 * config.connectTimeoutMs,
      headerTimeoutMs: 5000,
      halfCloseMs: 30_000,
      writeStallMs: 120_000,
    },
  };
}

function workerCount(workers: number | "auto"): number {
  return workers === "auto" ? Math.min(availableParallelism(), mostWorkers) : workers;
}

function countBy(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
