import { setTimeout } from "node:timers/promises";
import { Engine } from "../../src/engine/engine.ts";
import type { EngineReplica, EngineReport, EngineRoute } from "../../src/engine/route.ts";
import { ReadMeter } from "../../src/engine/tcp/read-meter.ts";
import { Tally, type Load } from "../../src/engine/tally.ts";
import type { ConnectionLimits } from "../../src/engine/tcp/connection-host.ts";
import type { ServiceOptions } from "../../src/engine/service.ts";
import {
  closedColumn,
  droppedColumn,
  replicaColumns,
  replicaRow,
  serviceColumns,
  serviceRow,
  sessionsClosedColumn,
  type ServiceColumns,
} from "../../src/model/counters.ts";
import { ownHosts } from "../../src/routing/own-addresses.ts";
import { SendQueues } from "../../src/workers/send-queues.ts";
import { defaultPolicy, type ServicePolicy } from "../../src/model/policy.ts";
import {
  dropReasons,
  outcomes,
  sessionEndings,
  type DropReason,
  type Outcome,
  type SessionEnding,
} from "../../src/model/outcome.ts";

export type FixtureOptions = Partial<Omit<ServiceOptions, "limits">> & {
  readonly limits?: Partial<ConnectionLimits>;
  /** Connections all services together may have. Default 10,000. */
  readonly processLimit?: number;
  /** What it shares with another engine. Default: its own. */
  readonly load?: Load;
  /** UDP sessions all services together may have. Default 10,000. */
  readonly sessionLimit?: number;
  /** How often running connections are looked at, in ms. Default 20. */
  readonly checkEveryMs?: number;
};

/** An engine on plain memory, with what it counted and reported laid open. */
export class EngineFixture implements AsyncDisposable {
  readonly engine: Engine;
  readonly reports: EngineReport[] = [];
  readonly #services = new Float64Array(serviceRow * 16);
  readonly #replicas = new Float64Array(replicaRow * 64);
  readonly #checks: NodeJS.Timeout;

  constructor(given: FixtureOptions = {}) {
    const { limits, processLimit = 10_000, sessionLimit = 10_000, ...more } = given;
    const { checkEveryMs = 20, load, ...options } = more;
    const tally = new Tally({
      services: this.#services,
      replicas: this.#replicas,
      load: load ?? emptyLoad({ processLimit, sessionLimit }),
    });
    const now = (): number => performance.now();
    const sleep = (ms: number): Promise<void> => setTimeout(ms, undefined, { ref: false });
    const queues = new SendQueues({ now, sleep });
    this.engine = new Engine({
      bindHosts: ["127.0.0.1"],
      reusePort: false,
      isOwnHost: ownHosts({ bind: options.bindHosts ?? ["127.0.0.1"], names: new Set() }),
      limits: {
        connectTimeoutMs: 3000,
        connectBudgetMs: 9000,
        headerTimeoutMs: 5000,
        halfCloseMs: 30_000,
        writeStallMs: 120_000,
        ...limits,
      },
      proxyTrusted: [],
      tally,
      random: Math.random,
      meter: new ReadMeter(() => undefined),
      heldFor: (socket, since) => queues.heldFor(socket, since),
      report: (report) => this.reports.push(report),
      ...options,
    });
    this.#checks = setInterval(() => this.engine.check(performance.now()), checkEveryMs);
  }

  /** Serves a route on `port` to these replica ports of 127.0.0.1, in this order of rows. */
  async serve(
    port: number,
    replicaPorts: readonly number[],
    policy: Partial<ServicePolicy> = {},
  ): Promise<void> {
    await this.engine.apply([{ kind: "set", route: toRoute(port, replicaPorts, policy) }]);
  }

  /** Serves a UDP route on `port` to these replica ports of 127.0.0.1. */
  async serveUdp(
    port: number,
    replicaPorts: readonly number[],
    policy: Partial<ServicePolicy> = {},
  ): Promise<void> {
    await this.engine.apply([{ kind: "set", route: toUdpRoute(port, replicaPorts, policy) }]);
  }

  /** One number of the service on row 1. */
  count(column: keyof ServiceColumns): number {
    return this.#services[serviceRow + serviceColumns[column]] ?? 0;
  }

  /** Datagrams dropped so far by reason, without reasons that never came. */
  get dropped(): Partial<Record<DropReason, number>> {
    return nonZero(dropReasons, (reason) => this.#services[serviceRow + droppedColumn(reason)]);
  }

  /** Sessions ended so far by ending, without endings that never came. */
  get endedSessions(): Partial<Record<SessionEnding, number>> {
    return nonZero(
      sessionEndings,
      (ending) => this.#services[serviceRow + sessionsClosedColumn(ending)],
    );
  }

  /** Sessions opened are active or have ended in exactly one way. */
  get sessionsBalanced(): boolean {
    const ended = Object.values(this.endedSessions).reduce((sum, count) => sum + count, 0);
    return this.count("sessions") === this.count("sessionsActive") + ended;
  }

  get accepted(): number {
    return this.#services[serviceRow + serviceColumns.accepted] ?? 0;
  }

  get active(): number {
    return this.#services[serviceRow + serviceColumns.active] ?? 0;
  }

  get received(): number {
    return this.#services[serviceRow + serviceColumns.received] ?? 0;
  }

  get sent(): number {
    return this.#services[serviceRow + serviceColumns.sent] ?? 0;
  }

  get retries(): number {
    return this.#services[serviceRow + serviceColumns.retries] ?? 0;
  }

  /** Connections on the replica of this row now. */
  load(row: number): number {
    return this.#replicas[row * replicaRow + replicaColumns.active] ?? 0;
  }

  /** Outcomes counted so far, without those that never happened. */
  get closed(): Partial<Record<Outcome, number>> {
    return nonZero(outcomes, (outcome) => this.#services[serviceRow + closedColumn(outcome)]);
  }

  /** Invariant: every accepted connection is active or has ended in exactly one way. */
  get balanced(): boolean {
    const ended = Object.values(this.closed).reduce((sum, count) => sum + count, 0);
    return this.accepted === this.active + ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#checks);
    await this.engine[Symbol.asyncDispose]();
  }
}

/** Room for 16 services and 64 replicas, none of it taken. */
export function emptyLoad({
  processLimit = 10_000,
  sessionLimit = 10_000,
}: Pick<FixtureOptions, "processLimit" | "sessionLimit"> = {}): Load {
  return {
    services: new Int32Array(16),
    replicas: new Int32Array(64),
    waiting: new Int32Array(16),
    process: new Int32Array([0, processLimit, 0, sessionLimit, 0]),
  };
}

/** A route on row 1 whose replicas have rows 1, 2, 3… */
export function toRoute(
  port: number,
  replicaPorts: readonly number[],
  policy: Partial<ServicePolicy> = {},
): EngineRoute {
  const replicas = replicaPorts.map((replicaPort, index): EngineReplica => {
    const address = { host: "127.0.0.1", port: replicaPort };
    const key = `127.0.0.1:${replicaPort}`;
    return {
      key,
      address,
      weight: 500,
      row: index + 1,
      state: "up",
      task: `task-${index}`,
      isLocal: false,
    };
  });
  const key = `tcp/${port}`;
  const all = { ...defaultPolicy, ...policy };
  return { key, port, protocol: "tcp", mode: "tcp", policy: all, row: 1, replicas };
}

/** The same for UDP. */
export function toUdpRoute(
  port: number,
  replicaPorts: readonly number[],
  policy: Partial<ServicePolicy> = {},
): EngineRoute {
  return {
    ...toRoute(port, replicaPorts, policy),
    key: `udp/${port}`,
    protocol: "udp",
    mode: "udp",
  };
}

function nonZero<K extends string>(
  keys: readonly K[],
  countOf: (key: K) => number | undefined,
): Partial<Record<K, number>> {
  const counts: Partial<Record<K, number>> = {};
  for (const key of keys) {
    const count = countOf(key) ?? 0;
    if (count > 0) counts[key] = count;
  }
  return counts;
}
