import { Engine } from "../../src/engine/engine.ts";
import type { EngineReplica, EngineReport, EngineRoute } from "../../src/engine/route.ts";
import { ReadMeter } from "../../src/engine/tcp/read-meter.ts";
import { Tally } from "../../src/engine/tally.ts";
import type { ConnectionLimits } from "../../src/engine/tcp/connection-host.ts";
import type { TcpServiceOptions } from "../../src/engine/tcp/tcp-service.ts";
import {
  closedColumn,
  replicaColumns,
  replicaRow,
  serviceColumns,
  serviceRow,
} from "../../src/model/counters.ts";
import { defaultPolicy, type ServicePolicy } from "../../src/model/policy.ts";
import { outcomes, type Outcome } from "../../src/model/outcome.ts";

export type FixtureOptions = Partial<Omit<TcpServiceOptions, "limits">> & {
  readonly limits?: Partial<ConnectionLimits>;
  /** Connections all services together may have. Default 10,000. */
  readonly processLimit?: number;
};

/** An engine on plain memory, with what it counted and reported laid open. */
export class EngineFixture implements AsyncDisposable {
  readonly engine: Engine;
  readonly reports: EngineReport[] = [];
  readonly #services = new Float64Array(serviceRow * 16);
  readonly #replicas = new Float64Array(replicaRow * 64);
  readonly #checks: NodeJS.Timeout;

  constructor({ limits, processLimit = 10_000, ...options }: FixtureOptions = {}) {
    const tally = new Tally({
      services: this.#services,
      replicas: this.#replicas,
      load: {
        services: new Int32Array(16),
        replicas: new Int32Array(64),
        process: new Int32Array([0, processLimit]),
      },
    });
    this.engine = new Engine({
      bindHosts: ["127.0.0.1"],
      reusePort: false,
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
      report: (report) => this.reports.push(report),
      ...options,
    });
    this.#checks = setInterval(() => this.engine.check(performance.now()), 20);
  }

  /** Serves a route on `port` to these replica ports of 127.0.0.1, in this order of rows. */
  async serve(
    port: number,
    replicaPorts: readonly number[],
    policy: Partial<ServicePolicy> = {},
  ): Promise<void> {
    await this.engine.apply([{ kind: "set", route: toRoute(port, replicaPorts, policy) }]);
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
    const counts: Partial<Record<Outcome, number>> = {};
    for (const outcome of outcomes) {
      const count = this.#services[serviceRow + closedColumn(outcome)] ?? 0;
      if (count > 0) counts[outcome] = count;
    }
    return counts;
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
  return { key, port, protocol: "tcp", policy: { ...defaultPolicy, ...policy }, row: 1, replicas };
}
