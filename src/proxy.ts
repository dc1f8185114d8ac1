import type { Writable } from "node:stream";
import type { Phase } from "./admin/pages.ts";
import type { StatusServer } from "./admin/status-server.ts";
import { isAbort, sleep } from "./async/sleep.ts";
import { checkPolicyOf } from "./config/policy-of.ts";
import type { Config } from "./config/settings.ts";
import { Controller, type ControllerOptions, type Feed } from "./control/controller.ts";
import { ProblemLog } from "./control/problem-log.ts";
import type { ServiceFigures } from "./model/figures.ts";
import type { Logger } from "./model/logger.ts";
import type { RouteChange } from "./routing/diff.ts";
import { StateFile } from "./publish/state-file.ts";
import { ownHosts } from "./routing/own-addresses.ts";
import { emptyTable, type Table } from "./routing/table.ts";
import { readFigures } from "./workers/figures.ts";
import { hostNames } from "./workers/this-host.ts";
import { PortSharingLock } from "./workers/port-sharing-lock.ts";
import { makeChecks, type HealthParts } from "./wiring/checks.ts";
import { engineSettings, workerCount } from "./wiring/engine-settings.ts";
import { followEjections } from "./wiring/ejections.ts";
import { makeFeeds } from "./wiring/feeds.ts";
import { GatewayParts } from "./wiring/gateway-parts.ts";
import { Publishers } from "./wiring/publishers.ts";
import { routingRules } from "./wiring/routing-rules.ts";
import { emptyHistory } from "./wiring/routing-history.ts";
import { openStatusPort } from "./wiring/status-port.ts";
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
  table(): Table;
  /** The numbers of every service at this moment. */
  figures(): ServiceFigures[];
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
  readonly #isOwnHost: (host: string) => boolean;
  /** Of this host. */
  readonly #names: ReadonlySet<string>;
  readonly #pool: WorkerPool;
  readonly #health: HealthParts;
  readonly #routing = emptyHistory();
  readonly #failure = Promise.withResolvers<never>();
  #controller: Controller | undefined;
  #status: StatusServer | undefined;
  #publishers: Publishers | undefined;
  readonly #gateway: GatewayParts;
  #terminating = false;

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#config = options.config;
    const { config, logger, clock, random } = options;
    const workers = workerCount(config.workers);
    const names = hostNames(config.hostNames);
    this.#names = names;
    this.#isOwnHost = ownHosts({ bind: config.bind, names });
    this.#feeds = makeFeeds(options);
    this.#problems = new ProblemLog(logger, clock);
    this.#gateway = this.#stack.use(new GatewayParts(options, () => this.table()));
    this.#pool = WorkerPool.start({
      workers,
      settings: engineSettings(config),
      logger,
      clock,
      random,
      isLocal: ({ host, address }) => names.has(host) || names.has(address.host),
      bindFailed: () => this.#problems.soon(() => this.#datedProblems()),
      suspected: (key, replica) => this.#health.checks.suspect(key, replica),
      accessed: (batch) => this.#gateway.accessLog.write(batch),
    });
    this.#stack.use(this.#pool);
    this.#health = makeChecks(config, { random, changed: () => this.#controller?.stir() });
    this.#stack.use(this.#health.prober);
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
      await this.#openPublishers();
      await this.#gateway.open(this.#pool, this.#life.signal);
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
    const stateFile = this.#openStateFile();
    this.#controller = new Controller({
      feeds: this.#feeds,
      restored: stateFile?.load(),
      heard: (services) => stateFile?.save(services),
      checks: this.#health.checks,
      rules: this.#rules(),
      connectionsOn: (key, replica) => this.#pool.memory.connectionsOn(key, replica),
      shrinkGuard: config.shrinkGuard,
      clock,
      steadyClock: () => performance.now(),
      logger,
      publish: (table, changes) => this.#publish(table, changes),
    });
    const { signal } = this.#life;
    const chances = followEjections({ pool: this.#pool, health: this.#health, clock }, signal);
    this.#stack.defer(() => chances);
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
    this.#gateway.resync();
  }

  reconfigure(config: Config): void {
    this.#config = config;
    this.#health.checks.defaults = checkPolicyOf(config);
    this.#controller?.follow(this.#rules());
  }

  async drain(): Promise<void> {
    const { logger } = this.#options;
    const { drainTimeoutMs: timeoutMs } = this.#config;
    const { signal } = this.#life;
    this.#terminating = true;
    const deadline = performance.now() + timeoutMs;
    // A thread that hangs must not keep the others, or us, from ending in time.
    await Promise.race([this.#pool.stopAccepting(), sleep(timeoutMs, signal)]);
    const open = (): number => this.#pool.memory.connections();
    logger.info("draining", { connections: open(), timeoutMs });
    while (open() > 0 && performance.now() < deadline) await sleep(50, signal);
    if (open() > 0) {
      logger.warn("drain timeout: the rest is reset", { connections: open() });
      this.#pool.abort("drained");
      // A moment for the resets to leave and to be counted.
      await sleep(100, signal);
    }
    await this.#gateway.lastLines(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#terminating = true;
    this.#life.abort();
    await this.#stack.disposeAsync();
  }

  #rules(): ControllerOptions["rules"] {
    return routingRules(this.#config, {
      statusPort: this.#status === undefined ? undefined : this.#statusPort(),
      isOwnHost: this.#isOwnHost,
      sources: this.#feeds.map(({ source }) => source.name),
    });
  }

  async #openPublishers(): Promise<void> {
    const { config, version, logger, random } = this.#options;
    const table = (): Table => this.table();
    this.#publishers = await Publishers.open({ config, version, table, logger, random });
    this.#stack.use(this.#publishers);
  }

  #openStateFile(): StateFile | undefined {
    const { config, logger, clock } = this.#options;
    if (config.stateFile === undefined) return undefined;
    return this.#stack.use(new StateFile({ path: config.stateFile, logger, clock }));
  }

  #phase(): Phase {
    if (this.#terminating) return "TERMINATING";
    const version = this.#controller?.table.version ?? 0;
    return version > 0 && this.#pool.applied > 0 ? "OK" : "INITIALIZING";
  }

  #publish(table: Table, changes: readonly RouteChange[]): void {
    const { counts, transitions, changes: newest } = this.#routing;
    for (const { kind } of changes) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    transitions.note(changes);
    newest.note(table, changes);
    this.#pool.apply(table, changes);
    this.#publishers?.publish(table);
    this.#datedProblems();
  }

  #datedProblems(): ReturnType<ProblemLog["date"]> {
    const { routes, problems } = this.#controller?.table ?? emptyTable;
    const apps = new Map(routes.map(({ key, app }) => [key, app]));
    const appOf = (key: string): string => apps.get(key) ?? key;
    return this.#problems.date([
      ...problems,
      ...this.#health.problems(),
      ...(this.#publishers?.problems() ?? []),
      ...this.#gateway.problems(),
      ...this.#pool.bindings.problems(appOf),
    ]);
  }

  #statusPort(): number {
    return Number(this.#status?.address.split(":").at(-1));
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
      override: (address, wanted) => this.#controller?.override(address, wanted) === true,
      explain: (app) =>
        this.#controller?.explain(app, {
          ejection: (key, replica) => this.#pool.ejections.of(key, replica),
          thisHost: this.#names,
        }),
      sources: this.#feeds.map(({ source }) => source),
      routing: this.#routing,
      health: this.#health,
      pool: this.#pool,
    });
    this.#stack.use(this.#status);
  }
}
