import { collectDefaultMetrics, Registry } from "prom-client";
import type { GatewayFigures } from "../model/figures.ts";
import { catalogue } from "./catalogue.ts";
import { checkFamilies, type CheckFigures } from "./check-families.ts";
import { datagramFamilies } from "./datagram-families.ts";
import { Family, type Read } from "./family.ts";
import { gatewayFamilies } from "./gateway-families.ts";
import { processFamilies, sourceFamilies, type ProcessFigures } from "./process-families.ts";
import { replicaDetailFamilies, replicaStateFamilies } from "./replica-families.ts";
import { requestFamilies } from "./request-families.ts";
import { serviceFamilies } from "./service-families.ts";

export interface MetricsOptions extends ProcessFigures, CheckFigures {
  readonly gateway: () => readonly GatewayFigures[];
  /** Export every figure of every replica, not only its state. */
  readonly detailed: boolean;
}

/** Everything `/metrics` shows, read from where it lives at the moment of the scrape. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #readServices: MetricsOptions["services"];
  /** What all families of a scrape are read from: reading ten thousand replicas for each of them would hold up the thread. */
  #seen: ReturnType<MetricsOptions["services"]> | undefined;

  constructor(options: MetricsOptions) {
    const { detailed } = options;
    this.#readServices = options.services;
    const services = (): ReturnType<MetricsOptions["services"]> =>
      (this.#seen ??= this.#readServices());
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: 20 });
    const readers: Readonly<Record<string, Read>> = {
      ...serviceFamilies(services),
      ...datagramFamilies(services),
      ...requestFamilies(services),
      ...gatewayFamilies(options.gateway),
      ...replicaStateFamilies(services),
      ...(detailed ? replicaDetailFamilies(services) : {}),
      ...checkFamilies(options),
      ...sourceFamilies(options),
      ...processFamilies({ ...options, services }),
    };
    for (const [name, read] of Object.entries(readers)) {
      const described = catalogue[name];
      if (described === undefined) throw new Error(`metric ${name} is not in the catalogue`);
      this.#registry.registerMetric(new Family(name, described, read));
    }
  }

  /** The Prometheus text of this moment. */
  async render(): Promise<{ readonly type: string; readonly body: string }> {
    this.#seen = undefined;
    const body = await this.#registry.metrics();
    this.#seen = undefined;
    return { type: this.#registry.contentType, body };
  }
}
