import type { Writable } from "node:stream";
import type { Phase } from "./admin/pages.ts";
import type { StatusServer } from "./admin/status-server.ts";
import { isAbort } from "./async/sleep.ts";
import { checkPolicyOf } from "./config/policy-of.ts";
import type { Config } from "./config/settings.ts";
import { Controller, type ControllerOptions, type Feed } from "./control/controller.ts";
import { ProblemLog } from "./control/problem-log.ts";
import type { ServiceFigures } from "./model/figures.ts";
import type { Logger } from "./model/logger.ts";
import { everyRoute, type RouteChange } from "./routing/diff.ts";
import { emptyTable, type Table } from "./routing/table.ts";
import { readFigures } from "./workers/figures.ts";
import { OwnNames } from "./workers/own-names.ts";
import { makeChecks, type HealthParts } from "./wiring/checks.ts";
import { engineSettings, workerCount } from "./wiring/engine-settings.ts";
import { drainConnections } from "./wiring/drain.ts";
import { liveEvidence } from "./wiring/evidence.ts";
import { followEjections } from "./wiring/ejections.ts";
import { makeFeeds } from "./wiring/feeds.ts";
import { GatewayParts } from "./wiring/gateway-parts.ts";
import { Handover, type Reign } from "./wiring/handover.ts";
import { Outlets } from "./wiring/outlets.ts";
import { routingRules } from "./wiring/routing-rules.ts";
import { emptyHistory, noteChanges } from "./wiring/routing-history.ts";
import { closeStatusPort, openStatusPort } from "./wiring/status-port.ts";
import { Upkeep } from "./wiring/upkeep.ts";
import { WorkerPool } from "./workers/pool.ts";

export interface ProxyOptions {
  readonly config: Config;
  readonly version: string;
  /** Of the source code, where it is known. */
  readonly revision?: string | undefined;
  readonly logger: Logger;
  /** Log lines that could not be written so far. */
  readonly logLinesDropped: () => number;
  /** Takes the lines of the access log. */
  readonly accessOutput: Writable;
  readonly clock: () => number;
  readonly random: () => number;
}

/** A proxy that runs. Disposing it ends it at once; `drain` ends it gently. */
export interface RunningProxy extends AsyncDisposable {
  /** Where the status port listens, `host:port`; undefined without one. */
  readonly statusAddress: string | undefined;
  /** Rejects when a part that must never end has ended: a bug. */
  readonly failed: Promise<never>;
  /** Aborts when another portolan has taken over the ports. */
  readonly replaced: AbortSignal;
  table(): Table;
  /** The numbers of every service at this moment. */
  figures(): Iterable<ServiceFigures>;
  /** True once a complete table is being served. */
  ready(): boolean;
  /** Asks every source for a fresh look. */
  resync(): void;
  /** Goes on with another configuration, of which only live settings may differ. */
  reconfigure(config: Config): void;
  /** Stops accepting and lets running connections end, up to the configured time. */
  drain(): Promise<void>;
}

/** Puts all parts together: sources → controller → workers, with the status port beside them. */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const proxy = new Proxy(options);
  await proxy.start();
  return proxy;
}

class Proxy implements RunningProxy {
  readonly #options: ProxyOptions;
  #config: Config;
  readonly #life = new AbortController();
  readonly #stack = new AsyncDisposableStack();
  readonly #feeds: readonly Feed[];
  readonly #problems: ProblemLog;
  readonly #own: OwnNames;
  readonly #pool: WorkerPool;
  readonly #health: HealthParts;
  readonly #routing = emptyHistory();
  readonly #failure = Promise.withResolvers<never>();
  readonly failed: Promise<never> = this.#failure.promise;
  readonly replaced: AbortSignal;
  readonly #upkeep: Upkeep;
  #controller: Controller | undefined;
  #status: StatusServer | undefined;
  readonly #outlets: Outlets;
  readonly #handover: Handover;
  readonly #gateway: GatewayParts;
  #terminating = false;

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#config = options.config;
    const { config, logger, clock, random } = options;
    this.#own = new OwnNames(config);
    this.#feeds = makeFeeds(options);
    this.#problems = new ProblemLog(logger, clock);
    this.#gateway = this.#stack.use(new GatewayParts(options, () => this.table()));
    const changed = (): void => this.#problems.soon(() => this.#datedProblems());
    const pool = WorkerPool.start({
      workers: workerCount(config.workers),
      sharesPorts: config.takeover !== undefined,
      settings: engineSettings(config),
      logger,
      clock,
      random,
      isLocal: (replica) => this.#own.isLocal(replica),
      troubled: changed,
      suspected: (key, replica) => this.#health.checks.suspect(key, replica),
      accessed: (batch) => this.#gateway.accessLog.write(batch),
    });
    this.#pool = this.#stack.use(pool);
    this.#upkeep = new Upkeep({ ...options, pool, changed, isServing: () => this.ready() });
    this.#health = makeChecks(config, { random, changed: () => this.#controller?.stir() });
    this.#stack.use(this.#health.prober);
    this.#outlets = this.#stack.use(new Outlets({ ...options, pool, table: () => this.table() }));
    this.#handover = this.#stack.use(new Handover(this.#reign()));
    this.replaced = this.#handover.replaced;
  }

  get statusAddress(): string | undefined {
    return this.#status?.address;
  }

  async start(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#life;
    try {
      await this.#handover.begin();
      await this.#gateway.open(this.#pool, () => this.#controller?.follow(this.#rules()), signal);
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
    this.#controller = this.#makeController();
    const chances = followEjections({ pool: this.#pool, health: this.#health, clock }, signal);
    this.#stack.defer(() => chances);
    const work = [
      this.#controller.run(signal),
      this.#handover.complete(signal),
      this.#upkeep.run(signal),
      this.#own.follow(() => this.#renamed(), signal),
    ].map((part) => this.#guard(part));
    this.#stack.defer(async () => void (await Promise.all(work)));
  }

  table(): Table {
    return this.#controller?.table ?? emptyTable;
  }

  figures(): Iterable<ServiceFigures> {
    return readFigures(this.table(), this.#pool);
  }

  ready(): boolean {
    return this.#phase() === "OK";
  }

  resync(): void {
    for (const { source } of this.#feeds) source.resync();
    this.#gateway.resync();
  }

  reconfigure(config: Config): void {
    this.#config = config;
    this.#health.checks.defaults = checkPolicyOf(config);
    this.#controller?.follow(this.#rules());
  }

  async drain(): Promise<void> {
    const { logger } = this.#options;
    const { signal } = this.#life;
    this.#terminating = true;
    this.#handover.leaving();
    await drainConnections(this.#pool, { timeoutMs: this.#config.drainTimeoutMs, logger, signal });
    await this.#gateway.lastLines(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#terminating = true;
    this.#life.abort();
    // Before others may have what we have: they write the same files.
    await this.#outlets[Symbol.asyncDispose]();
    await this.#stack.disposeAsync();
  }

  #rules(): ControllerOptions["rules"] {
    return routingRules(this.#config, {
      statusPort: this.#status?.port ?? this.#config.statusEndpoint?.port,
      names: this.#own.names,
      sources: this.#feeds.map(({ source }) => source.name),
      isCertified: this.#gateway.isCertified,
    });
  }

  /** This host is called something else, or has other addresses. */
  #renamed(): void {
    this.#controller?.follow(this.#rules());
    this.#pool.apply(this.table(), everyRoute(this.table()));
  }

  #makeController(): Controller {
    const { config, clock, logger } = this.#options;
    return new Controller({
      feeds: this.#feeds,
      restored: this.#outlets.restored(),
      heard: (services) => this.#outlets.heard(services),
      checks: this.#health.checks,
      rules: this.#rules(),
      connectionsOn: (key, replica) => this.#pool.memory.connectionsOn(key, replica),
      shrinkGuard: config.shrinkGuard,
      clock,
      steadyClock: () => performance.now(),
      logger,
      publish: (table, changes) => this.#publish(table, changes),
    });
  }

  /** Settles when the work does; a rejection that is not our own end is a failure of the whole. */
  #guard(work: Promise<void>): Promise<void> {
    const { signal } = this.#life;
    return work.catch((error: unknown) => {
      if (!isAbort(error, signal)) this.#failure.reject(error);
    });
  }

  #reign(): Reign {
    return {
      ...this.#options,
      pool: this.#pool,
      outlets: this.#outlets,
      version: () => this.table().version,
      isInformed: () => this.#controller?.isHeard === true && !this.#health.prober.hasUnasked,
      openStatusPort: () => this.#openStatusPort(),
      closeStatusPort: async () => this.#status && (await closeStatusPort(this.#status)),
      drain: () => this.drain(),
    };
  }

  #phase(): Phase {
    if (this.#terminating) return "TERMINATING";
    return this.table().version > 0 && this.#pool.applied > 0 ? "OK" : "INITIALIZING";
  }

  #publish(table: Table, changes: readonly RouteChange[]): void {
    noteChanges(this.#routing, table, changes);
    this.#outlets.publish(table, changes);
    this.#upkeep.serves(table);
    this.#datedProblems();
  }

  #datedProblems(): ReturnType<ProblemLog["date"]> {
    const { routes, problems } = this.table();
    return this.#problems.date([
      ...problems,
      ...this.#health.problems(),
      ...this.#outlets.problems(),
      ...this.#gateway.problems(),
      ...this.#upkeep.problems(routes),
    ]);
  }

  async #openStatusPort(): Promise<void> {
    const { config } = this.#options;
    if (config.statusEndpoint === undefined) return;
    this.#status = await openStatusPort(config.statusEndpoint, {
      ...this.#options,
      invalidBySource: () => this.#controller?.invalidBySource() ?? new Map(),
      accessLinesDropped: () => this.#gateway.accessLog.dropped(),
      phase: () => this.#phase(),
      table: () => this.table(),
      figures: () => this.figures(),
      problems: () => this.#datedProblems(),
      published: () => this.#outlets.figures(),
      override: (address, wanted) => this.#controller?.override(address, wanted) === true,
      explain: (app) => this.#controller?.explain(app, liveEvidence(this.#pool, this.#own)),
      sources: this.#feeds.map(({ source }) => source),
      routing: this.#routing,
      health: this.#health,
      pool: this.#pool,
      upkeep: this.#upkeep,
    });
    this.#stack.use(this.#status);
  }
}
