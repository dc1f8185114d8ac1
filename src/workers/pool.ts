import type { EventLoopUtilization } from "node:perf_hooks";
import type { Worker } from "node:worker_threads";
import { repeat } from "../async/repeat.ts";
import { isAbort, sleep } from "../async/sleep.ts";
import type { EngineChange, EngineRoute } from "../engine/route.ts";
import type { AccessBatch } from "../model/access.ts";
import type { Certificate } from "../model/gateway.ts";
import type { Logger } from "../model/logger.ts";
import type { Outcome } from "../model/outcome.ts";
import type { RouteChange } from "../routing/diff.ts";
import type { RoutedReplica, Table } from "../routing/table.ts";
import { Bindings } from "./bindings.ts";
import { ConnectionBudget } from "./connection-budget.ts";
import { exposeCollector } from "./collector.ts";
import { CounterMemory } from "./counter-memory.ts";
import { Ejections } from "./ejections.ts";
import { GatewayCounters, withRows, type GatewayPlan } from "./gateway-counters.ts";
import { Deaths } from "./deaths.ts";
import { giveWay } from "./precedence.ts";
import { Replacement } from "./replacement.ts";
import { waitedForProcessor } from "./run-queue.ts";
import { toEngineChange } from "./engine-route.ts";
import { ListenerBudget } from "./listener-budget.ts";
import { hearReport } from "./hear-report.ts";
import { watchThreads } from "./watch-threads.ts";
import { Watchdog } from "./watchdog.ts";
import { startWorker } from "./start-worker.ts";
import type { Answer, EngineSettings, Order, WorkerStart } from "./messages.ts";
import { busyShare } from "./utilization.ts";

export interface PoolOptions {
  /** Worker threads, 1 or more. */
  readonly workers: number;
  /** Share ports with another portolan, too; without, one worker binds alone. Default: false. */
  readonly sharesPorts?: boolean;
  readonly settings: Omit<EngineSettings, "reusePort" | "gateway"> & {
    /** Ports that services share by host name; none without. */
    readonly gateway?: GatewayPlan | undefined;
  };
  readonly logger: Logger;
  readonly random: () => number;
  /** True for a replica on this host. */
  readonly isLocal: (replica: RoutedReplica) => boolean;
  readonly clock: () => number;
  /** Told when there is a new problem: an address that cannot be bound, or no room for connections. */
  readonly troubled: () => void;
  /** Told that a connection of a route had trouble with a replica, or that trouble ejected it. */
  readonly suspected: (key: string, replica: string) => void;
  /** Takes what workers have to say for the access log; without it, nothing is kept. */
  readonly accessed?: (batch: AccessBatch) => void;
}

/** One slot of the pool: the worker that lives in it now and what it has been told. */
interface Slot {
  readonly index: number;
  worker: Worker | undefined;
  applied: number;
  stopped: boolean;
  /** The kernel's id of its thread. */
  thread: number | undefined;
  /** The event loop's use as last read, to tell the use since then. */
  busy: EventLoopUtilization | undefined;
}

const reclaimEveryMs = 60_000;

/** The data plane's threads: every worker is told every change, a dead one is replaced and told everything. */
export class WorkerPool implements AsyncDisposable {
  readonly memory: CounterMemory;
  readonly bindings: Bindings;
  readonly ejections: Ejections;
  readonly gateway: GatewayCounters;
  readonly budget: ConnectionBudget;
  readonly listeners: ListenerBudget;
  /** Of workers, each of which was replaced. */
  readonly deaths: Deaths = new Deaths();
  readonly #watchdog: Watchdog;
  readonly #options: PoolOptions;
  readonly #slots: readonly Slot[];
  readonly #routes = new Map<string, EngineRoute>();
  readonly #life = new AbortController();
  readonly #tasks: Promise<void>[] = [];
  #certificates: readonly Certificate[] = [];
  #version = 0;
  /** Once set, a worker that dies is not replaced: its successor would open the ports again. */
  #stopping = false;
  #progress = Promise.withResolvers<void>();

  private constructor(options: PoolOptions) {
    this.#options = options;
    this.memory = new CounterMemory(options.workers);
    this.bindings = new Bindings(options.workers);
    this.budget = new ConnectionBudget(() => this.memory.process());
    const { workers, settings } = options;
    this.listeners = new ListenerBudget({ workers, hosts: settings.bindHosts });
    this.#watchdog = new Watchdog(workers, (at) => waitedForProcessor(this.#slots[at]?.thread));
    this.ejections = new Ejections(options.clock, options.workers);
    this.gateway = new GatewayCounters(options.workers, options.settings.gateway);
    this.#slots = Array.from({ length: options.workers }, (_, index) => {
      const alive = { worker: undefined, thread: undefined, busy: undefined };
      return { index, applied: 0, stopped: false, ...alive };
    });
  }

  /** Starts the threads; they bind nothing before the first `apply`. */
  static start(options: PoolOptions): WorkerPool {
    // The engines' read meters call it.
    exposeCollector();
    const pool = new WorkerPool(options);
    for (const slot of pool.#slots) pool.#tasks.push(pool.#keepAlive(slot));
    const { signal } = pool.#life;
    const end = (index: number): void => void pool.#slots[index]?.worker?.terminate();
    pool.#tasks.push(watchThreads(pool.#watchdog, { logger: options.logger, end }, signal));
    pool.#tasks.push(pool.budget.watch(signal, options.troubled));
    pool.#tasks.push(repeat(reclaimEveryMs, signal, () => pool.memory.reclaim(performance.now())));
    return pool;
  }

  /** Share of time each worker's event loop was busy since the last call, 0–1. */
  utilization(): number[] {
    return this.#slots.map((slot) => {
      const now = slot.worker?.performance.eventLoopUtilization();
      const before = slot.busy;
      slot.busy = now;
      return now === undefined ? 0 : busyShare(now, before);
    });
  }

  /** The version that every worker serves by now. */
  get applied(): number {
    return Math.min(...this.#slots.map(({ applied }) => applied));
  }

  /** Tells every worker what changed with this table; the one of version 0 says nothing, and nobody is to listen for it. */
  apply(table: Table, changes: readonly RouteChange[]): void {
    const { version, routes } = table;
    if (version === 0) return;
    this.#version = version;
    this.bindings.keepOnly(new Set([...routes.map(({ key }) => key), ...this.gateway.keys]));
    this.ejections.keepOnly(routes);
    const options = { ...this.#options, memory: this.memory };
    const admitted = this.listeners.admit(table, changes);
    this.memory.limit(this.listeners.leftFor(table));
    this.memory.release(changes, performance.now());
    const orders = admitted.map((change) => toEngineChange(change, options));
    for (const order of orders) {
      if (order.kind === "set") this.#routes.set(order.route.key, order.route);
      else this.#routes.delete(order.key);
    }
    this.tell({ kind: "apply", version, changes: orders });
  }

  /** The probes of an ejected replica find it well: every worker may try it again. */
  forgive(key: string, replica: string): void {
    this.ejections.forgive(key, replica);
    this.#options.logger.info("replica may be tried again", { key, replica });
    this.tell({ kind: "forgive", key, replica });
  }

  /** Tells every worker that there is. */
  tell(order: Order): void {
    for (const { worker } of this.#slots) worker?.postMessage(order);
  }

  /** TLS may end on the gateway with these from now on. */
  certify(certificates: readonly Certificate[]): void {
    this.#certificates = certificates;
    this.tell({ kind: "certify", certificates });
  }

  /** Settles when every worker serves this version (or has been told a later one). */
  async served(version: number): Promise<void> {
    while (this.applied < version) await this.#progress.promise;
  }

  /** Closes every listener; settles when no worker accepts any more. */
  async stopAccepting(): Promise<void> {
    this.#stopping = true;
    this.tell({ kind: "stop-accepting" });
    while (this.#slots.some(({ worker, stopped }) => worker !== undefined && !stopped)) {
      await this.#progress.promise;
    }
  }

  /** Resets every running connection. */
  abort(outcome: Outcome): void {
    this.tell({ kind: "abort", outcome });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort();
    for (const { worker } of this.#slots) await worker?.terminate();
    await Promise.all(this.#tasks);
  }

  async #keepAlive(slot: Slot): Promise<void> {
    const { signal } = this.#life;
    const { random, logger, troubled } = this.#options;
    const replacement = new Replacement(random);
    while (!signal.aborted) {
      const startedAt = performance.now();
      const reason = await this.#live(slot);
      if (signal.aborted || this.#stopping) return;
      if (this.deaths.note(performance.now(), reason)) troubled();
      this.memory.bury(slot.index);
      const inMs = Math.round(replacement.after(performance.now() - startedAt));
      logger.error("worker died and is replaced", { worker: slot.index, reason, inMs });
      try {
        await sleep(inMs, signal);
      } catch (error) {
        if (!isAbort(error, signal)) throw error;
      }
    }
  }

  /** Runs one worker to its end; resolves with why it ended. */
  #live(slot: Slot): Promise<string> {
    const worker = startWorker(this.#startOf(slot));
    slot.worker = worker;
    slot.stopped = false;
    slot.busy = undefined;
    return new Promise((resolve) => {
      let reason = "exit";
      worker.on("error", (error) => {
        reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      });
      worker.on("message", (answer: Answer) => this.#hear(slot, answer));
      worker.once("exit", (code) => {
        slot.worker = undefined;
        slot.thread = undefined;
        slot.applied = 0;
        this.#watchdog.ended(slot.index);
        this.bindings.forget(slot.index);
        this.ejections.forget(slot.index);
        this.#stir();
        resolve(`${reason} (code ${code})`);
      });
      const kind = "set";
      const changes = [...this.#routes.values()].map((route): EngineChange => ({ kind, route }));
      const version = this.#version;
      worker.postMessage({ kind: "certify", certificates: this.#certificates } satisfies Order);
      if (version > 0) worker.postMessage({ kind: "apply", version, changes } satisfies Order);
    });
  }

  #startOf(slot: Slot): WorkerStart {
    const { settings, workers, sharesPorts = false } = this.#options;
    const services = this.memory.services[slot.index];
    const replicas = this.memory.replicas[slot.index];
    const cells = this.gateway.buffers[slot.index];
    if (services === undefined || replicas === undefined || cells === undefined)
      throw new Error("no memory for worker");
    // One worker binds alone, so that a second portolan on the same ports fails loudly.
    const reusePort = sharesPorts || workers > 1;
    const gateway = settings.gateway && withRows(settings.gateway, this.memory);
    return {
      settings: { ...settings, reusePort, gateway },
      services,
      replicas,
      gateway: cells,
      load: this.memory.load,
      beats: { cells: this.#watchdog.cells, index: slot.index },
    };
  }

  #hear(slot: Slot, answer: Answer): void {
    const { bindings, ejections } = this;
    switch (answer.kind) {
      case "started":
        slot.thread = answer.thread;
        this.#watchdog.began(slot.index, performance.now());
        giveWay(this.#slots.map(({ thread }) => thread));
        break;
      case "applied":
        slot.applied = Math.max(slot.applied, answer.version);
        this.#stir();
        break;
      case "stopped":
        slot.stopped = true;
        this.#stir();
        break;
      case "access":
        this.#options.accessed?.(answer.batch);
        slot.worker?.postMessage({ kind: "access-taken" } satisfies Order);
        break;
      case "report":
        hearReport(slot.index, answer.report, { ...this.#options, bindings, ejections });
        break;
    }
  }

  #stir(): void {
    this.#progress.resolve();
    this.#progress = Promise.withResolvers<void>();
  }
}
